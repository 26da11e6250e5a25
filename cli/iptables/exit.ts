/** iptables' exit statuses (xtables.h, enum xtables_exittype). */
export const exitStatus = { done: 0, other: 1, parameter: 2, version: 3, resource: 4 } as const;

type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** Ends the command: what goes to stderr, whole, and the exit status. */
export interface Exit {
  readonly kind: 'exit';
  readonly status: ExitStatus;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** The program whose output this is; its messages are kept too, since scripts read them. */
export const program = { name: 'iptables', version: '1.8.9 (legacy)' } as const;

const tryHelp = `Try \`${program.name} -h' or '${program.name} --help' for more information.\n`;

/** A mistake on the command line, as iptables reports it (xtables.c, basic_exit_err). */
export function parameterProblem(message: string): Exit {
  return { kind: 'exit', status: exitStatus.parameter, stderr: `${prefix}${message}\n${tryHelp}` };
}

/** The table can't be had. */
export function versionProblem(message: string): Exit {
  const advice = `Perhaps ${program.name} or your kernel needs to be upgraded.\n`;
  return { kind: 'exit', status: exitStatus.version, stderr: `${prefix}${message}\n${advice}` };
}

/** Only the pointer to the help, behind `message` if any (xshared.c, exit_tryhelp). */
export function seeHelp(message = ''): Exit {
  return { kind: 'exit', status: exitStatus.parameter, stderr: `${message}${tryHelp}` };
}

const prefix = `${program.name} v${program.version}: `;
