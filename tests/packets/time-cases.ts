import { both, counting } from './counting.ts';
import { everyWay, mixedProbes } from './probes.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;

/** Windows around now, or beside it, each by hours: neither way of two runs meets an edge. */
function windows(now: Date): readonly string[] {
  const at = (offset: number): Date => new Date(now.getTime() + offset);
  const clock = (offset: number): string => at(offset).toISOString().slice(11, 19);
  const date = (offset: number): string => at(offset).toISOString().slice(0, 19);
  // near midnight that of before and that of after: the day may change between two runs
  const daysAt = (offset: number, name: (date: Date) => string): string =>
    [...new Set([-HOUR / 4, HOUR / 4].map((beside) => name(at(offset + beside))))].join(',');
  const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const day = (offset: number): string => daysAt(offset, (date) => names[date.getUTCDay()] ?? '');
  const monthday = (offset: number): string => daysAt(offset, (date) => String(date.getUTCDate()));
  const apart = [0, 2 * DAY, -2 * DAY];
  const days = [
    ...both.flatMap((not) => apart.map((offset) => `${not}--weekdays ${day(offset)}`)),
    ...both.flatMap((not) => apart.map((offset) => `${not}--monthdays ${monthday(offset)}`)),
    `--weekdays ${day(0)} --kerneltz`,
    `--timestart ${clock(-2 * HOUR)} --timestop ${clock(2 * HOUR)} --weekdays ${day(0)}`,
    `--timestart ${clock(2 * HOUR)} --timestop ${clock(-2 * HOUR)} --weekdays ${day(-2 * DAY)}`,
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
