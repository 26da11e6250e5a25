import type { LineOutcome } from './outcome.ts';

export interface Counts {
  readonly lines: number;
  readonly natively: number;
  /** Of those that come out right natively. */
  readonly ours: number;
}

export function countsOf(outcomes: readonly LineOutcome[]): Counts {
  const right = outcomes.filter(({ native }) => native === undefined);
  return {
    lines: outcomes.length,
    natively: right.length,
    ours: right.filter(({ ours }) => ours === undefined).length,
  };
}

/** A line for each file: how many lines, right natively, right through the shim; then the total. */
export function summaryTable(outcomes: readonly LineOutcome[]): string {
  const files = [...new Set(outcomes.map(({ place }) => fileOf(place)))];
  const rows = files.map((file) => {
    const counts = countsOf(outcomes.filter(({ place }) => fileOf(place) === file));
    return row(file.replace(/\.t$/, ''), counts);
  });
  return [['extension', 'lines', 'natively', 'ours'], ...rows, row('all', countsOf(outcomes))]
    .map(([name = '', ...numbers]) => name.padEnd(24) + numbers.map((number) => number.padStart(10)).join(''))
    .join('\n');
}

function fileOf(place: string): string {
  return place.slice(0, place.indexOf(':'));
}

function row(name: string, { lines, natively, ours }: Counts): readonly string[] {
  return [name, ...[lines, natively, ours].map(String)];
}

/** A line for each test that comes out otherwise than natively. */
export function differenceLines(outcomes: readonly LineOutcome[]): readonly string[] {
  return outcomes.flatMap(({ place, step, ours }) =>
    ours === undefined ? [] : [`${place}  ${step.rule}\n    ${ours.text}`],
  );
}
