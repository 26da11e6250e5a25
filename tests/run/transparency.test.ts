import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { inNamespace } from './way.ts';

const reason = missing('root', 'build', 'transport');

/**
 * Each script is run by sh once as it is, and once with RUN standing for `bpfilter run --`; what it
 * says and how it ends must be alike.
 */
const alike: readonly { readonly title: string; readonly script: string; readonly input?: string }[] = [
  ...[0, 1, 2, 7, 124, 125, 126, 127, 128, 137, 200, 255].map((status) => ({
    title: `status ${status}`,
    script: `RUN sh -c 'exit ${status}'`,
  })),
  ...[1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 31, 34, 64].map((signal) => ({
    title: `death by signal ${signal}`,
    script: `ulimit -c 0; (exec RUN sh -c 'kill -${signal} $$') 2>/dev/null; echo "status $?"`,
  })),
  {
    title: 'arguments',
    script: `RUN printf '[%s]' '' 'a b' '"' "'" -- --help --verbose '$HOME' '*' 'é' "$(printf '\\377\\376')" '
' | od -c`,
  },
  { title: 'a command that looks like an option, behind --', script: 'RUN env -- printf ok' },
  { title: 'large pipes in both directions', script: 'head -c 30000000 /dev/zero | tr "\\0" x | RUN cat | cksum' },
  { title: 'stderr apart', script: `RUN sh -c 'echo out; echo err >&2' 2>&1 >/dev/null` },
  { title: 'input', script: 'RUN cat', input: 'one\ntwo' },
  { title: 'closed stdin', script: `RUN sh -c '[ -e /proc/self/fd/0 ] && echo open; echo done' <&-` },
  { title: 'closed stdout', script: `RUN sh -c 'echo x; echo "$?" >&2' 2>&1 >&-` },
  { title: 'closed stderr', script: `RUN sh -c '[ -e /proc/self/fd/2 ] && echo open; echo done' 2>&-` },
  {
    title: 'further descriptors',
    script: `exec 3</etc/passwd 7>&1; RUN sh -c 'cksum <&3; echo seven >&7; [ -e /proc/self/fd/4 ] || echo "no 4"'`,
  },
  { title: 'a lock held by descriptor', script: `exec 9>lock; flock 9; RUN flock -n lock echo free || echo held` },
  { title: 'working folder', script: 'mkdir -p sub; cd sub; RUN pwd' },
  { title: 'umask', script: 'umask 027; RUN sh -c umask' },
  { title: 'soft limit of open files', script: `ulimit -Sn 500; RUN sh -c 'ulimit -Sn; ulimit -Hn'` },
  { title: 'both limits of open files', script: `ulimit -n 500; RUN sh -c 'ulimit -Sn; ulimit -Hn'` },
  { title: 'a low limit of open files', script: `ulimit -n 64; RUN sh -c 'ulimit -n'` },
  { title: 'other limits', script: `ulimit -c 0 -t 100; RUN sh -c 'ulimit -c; ulimit -t'` },
  {
    title: 'process group',
    script: `RUN sh -c 'read -r _ _ _ _ group _ </proc/self/stat; read -r _ _ _ _ above _ </proc/$PPID/stat; [ "$group" = "$above" ] && echo same'`,
  },
  { title: 'nice value', script: 'nice -n 5 RUN nice' },
  {
    title: 'environment, odd names and bytes and all',
    script: `env -i PATH="$PATH" BPFILTER_BASE="$BPFILTER_BASE" XTABLES_LOCKFILE=/tmp/x 'a.b=1' 'F%%=() { x; }' "X=$(printf '\\377')" 'EMPTY=' NODE_EXTRA_CA_CERTS=/nosuch 'NODE_OPTIONS=--require /nosuch' RUN env | grep -av '^PATH=\\|^PWD=\\|^BPFILTER_BASE=' | sort | od -c`,
  },
  {
    // The launcher's shell adds PWD where there is none.
    title: 'an environment from scratch',
    script:
      'env -i PATH="$PATH" BPFILTER_BASE="$BPFILTER_BASE" XTABLES_LOCKFILE=/tmp/x A=1 RUN env | grep -v "^PATH=\\|^PWD=" | sort',
  },
  {
    title: 'signals at their default',
    script: `RUN sh -c 'grep -E "^Sig(Ign|Blk)" /proc/self/status' | sed 's/0000000[01]8\\(.......\\)$/000000000\\1/'`,
  },
  {
    title: 'signals ignored by nohup and by a job in the background',
    script: `trap '' HUP INT QUIT PIPE TSTP; RUN sh -c 'grep -E "^Sig(Ign|Blk)" /proc/self/status' | sed 's/0000000[01]8\\(.......\\)$/000000000\\1/'`,
  },
  { title: 'SIGHUP with nohup', script: `trap '' HUP; RUN sh -c 'kill -HUP $PPID $$; echo survived'` },
  { title: 'SIGPIPE', script: `RUN sh -c 'yes; kill -l $? >&2' 2>&1 | head -1` },
  {
    title: 'a reader that CMD no longer feeds',
    script: `mkfifo fifo; (exec RUN sh -c 'exec >&-; read -r _ <fifo') 2>/dev/null | { cat; echo eof; echo >fifo; }`,
  },
  { title: 'a script without #!', script: `printf 'echo "$0" "$@"' >plain; chmod +x plain; RUN ./plain a 'b c'` },
  {
    title: 'a subshell and a pipe',
    script: `(RUN sh -c 'echo a; echo b') | while read -r line; do echo "<$line>"; done; RUN true && echo yes`,
  },
  {
    title: 'dynamic linking of other programs',
    script: `RUN sh -c 'ldd /bin/sh >/dev/null && ip -V >/dev/null && sort --version >/dev/null; echo $?'`,
  },
];

describe.skipIf(reason !== undefined)(titled('run leaves no trace on CMD', reason), () => {
  test.each(alike)('$title', ({ script, input }) => {
    const [native, supervised] = ['', `${bpfilter} run --`].map((run) =>
      withFolder((folder) => {
        const inFolder = `mkdir -p work; cd work; ${script.replaceAll('RUN', run)}`;
        fs.mkdirSync(path.join(folder, 'work'));
        const ran = runCommand([...inNamespace, 'sh', '-c', `cd "$1"; ${inFolder}`, 'sh', folder], {
          folder,
          input: input ?? '',
        });
        return JSON.parse(JSON.stringify(ran).replaceAll(folder, 'FOLDER')) as unknown;
      }),
    );
    expect(supervised).toEqual(native);
  });
});

describe.skipIf(reason !== undefined)(titled('commands that can not be run', reason), () => {
  test.each([
    ['no such command', 'nosuch', 127, 'bpfilter: nosuch: command not found\n'],
    ['no such file', './nosuch', 127, 'bpfilter: ./nosuch: command not found\n'],
    ['the empty command', '', 127, 'bpfilter: : command not found\n'],
    ['not executable', '/etc/passwd', 126, 'bpfilter: /etc/passwd: Permission denied\n'],
    ['a folder', '/etc', 126, 'bpfilter: /etc: Permission denied\n'],
    ['below a file', '/etc/passwd/x', 126, "bpfilter: /etc/passwd/x: can't be executed (errno 20)\n"],
  ])('%s', (_title, command, status, stderr) => {
    withFolder((folder) => {
      expect(runCommand([...inNamespace, bpfilter, 'run', '--', command], { folder })).toEqual({
        status,
        signal: null,
        stdout: '',
        stderr,
      });
    });
  });

  test('certificates that node is told of, wherever `run` stands', () => {
    withFolder((folder) => {
      const env = { NODE_EXTRA_CA_CERTS: '/nosuch' };
      const command = [bpfilter, '--no-xt', 'run', '--', 'printenv', 'NODE_EXTRA_CA_CERTS'];
      expect(runCommand([...inNamespace, ...command], { folder, env })).toMatchObject({
        stdout: '/nosuch\n',
        status: 0,
      });
    });
  });

  test('a state folder that is not ours alone: 125 and the reason', () => {
    withFolder((folder) => {
      fs.chmodSync(folder, 0o777);
      const ran = runCommand(['unshare', '-n', bpfilter, 'run', '--', 'true'], {
        folder,
        env: { XDG_RUNTIME_DIR: '/proc', TMPDIR: '/proc', BPFILTER_BASE: folder },
      });
      // The machine's own folder comes next.
      expect(ran.status === 0 || ran.stderr.includes('others may write to it')).toBe(true);
    });
  });
});
