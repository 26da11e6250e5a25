import { both, counting } from './counting.ts';
import { everyWay, mixedProbes } from './probes.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;

/** Windows around now, or beside it, each by hours: neither way of two runs meets an edge. */
function windows(now: Date): readonly string[] {
  const at = (offset: number): Date => new Date(now.getTime() + offset);
  const clock = (offset: number): string => at(offset).toISOString().slice(11, 19);
  const date = (offset: number): string => at(offset).toISOString().slice(0, 19);
  const day = (offset: number): string =>
    ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at(offset).getUTCDay()] ?? '';
  const monthday = (offset: number): number => at(offset).getUTCDate();
  // near midnight the day may change between two runs
  const near = Math.min(...[0, DAY].map((edge) => Math.abs((now.getTime() % DAY) - edge))) < HOUR / 4;
  const days = near
    ? []
    : [
        ...both.flatMap((not) => [0, DAY, -DAY].map((offset) => `${not}--weekdays ${day(offset)}`)),
        ...both.flatMap((not) => [0, DAY, -DAY].map((offset) => `${not}--monthdays ${monthday(offset)}`)),
        `--weekdays ${day(0)} --kerneltz`,
        `--timestart ${clock(-2 * HOUR)} --timestop ${clock(2 * HOUR)} --weekdays ${day(0)}`,
        `--timestart ${clock(2 * HOUR)} --timestop ${clock(-2 * HOUR)} --weekdays ${day(-DAY)}`,
      ];
  return [
    '',
    ...[
      [-2, 2],
      [2, 4],
      [-4, -2],
      [2, -2],
      [-2, -3],
      [3, 2],
      [0, 12],
      [-12, 0.5],
    ].map(([from = 0, to = 0]) => `--timestart ${clock(from * HOUR - HOUR / 4)} --timestop ${clock(to * HOUR)}`),
    `--datestart ${date(-DAY)}`,
    `--datestart ${date(DAY)}`,
    `--datestop ${date(-DAY)}`,
    `--datestop ${date(HOUR)}`,
    `--datestart ${date(-HOUR)} --datestop ${date(HOUR)} --timestart ${clock(-HOUR)} --timestop ${clock(HOUR)}`,
    `--datestart ${date(-DAY)} --datestop ${date(-HOUR)}`,
    '--kerneltz',
    ...days,
  ];
}

export const timeCases = counting(
  'time',
  windows(new Date()).map((one) => `-m time ${one}`),
  everyWay(mixedProbes),
);
