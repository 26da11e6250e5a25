import { errno } from '../../protocol/errno.ts';
import { defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { anyBit, type BpfMatch, type BpfTest, within } from '../bpf/test.ts';
import { cannotExpress, defineMatch, type NftMatch, refuse } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_time_info = defineStruct('xt_time_info', 'linux/netfilter/xt_time.h', {
  date_start: u32,
  date_stop: u32,
  daytime_start: u32,
  daytime_stop: u32,
  monthdays_match: u32,
  weekdays_match: u8,
  flags: u8,
});

/** Seconds since 1970 or since midnight; days as bits, from bit 1 on. */
export type TimeInfo = ValueOf<typeof xt_time_info>;

/** XT_TIME_* */
const LOCAL_TZ = 1;
const CONTIGUOUS = 2;
const ALL_MONTHDAYS = 0xfffffffe;
const ALL_WEEKDAYS = 0xfe;
const DAY = 24 * 60 * 60;
const LAST_SECOND = DAY - 1;
/** As many as every other day from 1970 until 2038, nearly. */
const MOST_SPANS = 14_000;

/** The date that iptables writes where none is given. */
const NO_END = 2 ** 31 - 1;

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** `-m time`: when the packet comes by (net/netfilter/xt_time.c, extensions/libxt_time.c). */
export const time = defineMatch<TimeInfo>({
  name: 'time',
  revisions: { 0: structRevision(xt_time_info) },
  coverage: {
    partly: [
      '--weekdays and --monthdays: nft by itself takes a set of all days between the dates, of at most 14000 spans',
      '--kerneltz',
    ],
  },
  examples: [
    '-m time --timestart {0-11}:{10-59} --timestop {12-23}:{10-59}:{10-59}',
    '-m time --timestart {12-23}:{10-59} --timestop {0-11}:{10-59} {|--contiguous}',
    '-m time --datestart 20{10-25}-{1-12}-{1-28} --datestop 20{30-37}-{1-12}-{1-28}T{0-23}:{10-59}:{10-59}',
    '-m time {|!} --weekdays Mon,Tue,Sat',
    '-m time {|!} --weekdays Sun,Wed --kerneltz',
    '-m time {|!} --monthdays {1-10},{11-31}',
  ],
  unpredictable: 'the clock',
  placement: { anyFamily: true },

  check({ daytime_start, daytime_stop, flags }) {
    if (daytime_start > LAST_SECOND || daytime_stop > LAST_SECOND)
      refuse(`time: from ${daytime_start} s to ${daytime_stop} s of a day`, errno.EDOM);
    if ((flags & ~(LOCAL_TZ | CONTIGUOUS)) !== 0) refuse(`time: unknown flags 0x${flags.toString(16)}`);
    if ((flags & CONTIGUOUS) !== 0 && daytime_start < daytime_stop)
      refuse('time: contiguous, but it ends on the day that it begins');
  },

  print: (info) =>
    ' TIME' +
    (isAllDay(info) ? '' : ` from ${clock(info.daytime_start)} to ${clock(info.daytime_stop)}`) +
    (info.weekdays_match === ALL_WEEKDAYS ? '' : ` on ${weekdaysText(info)}`) +
    (info.monthdays_match === ALL_MONTHDAYS ? '' : ` on ${monthdaysText(info, ordinal)}`) +
    (info.date_start === 0 ? '' : ` starting from${dateText(info.date_start, ' ')}`) +
    (info.date_stop === NO_END ? '' : ` until date${dateText(info.date_stop, ' ')}`) +
    ((info.flags & LOCAL_TZ) === 0 ? ' UTC' : '') +
    ((info.flags & CONTIGUOUS) === 0 ? '' : ' contiguous'),
  save: (info) =>
    (isAllDay(info) ? '' : ` --timestart ${clock(info.daytime_start)} --timestop ${clock(info.daytime_stop)}`) +
    (info.monthdays_match === ALL_MONTHDAYS ? '' : ` --monthdays ${monthdaysText(info, String)}`) +
    (info.weekdays_match === ALL_WEEKDAYS ? '' : ` --weekdays ${weekdaysText(info)}`) +
    (info.date_start === 0 ? '' : ` --datestart${dateText(info.date_start, 'T')}`) +
    (info.date_stop === 0 ? '' : ` --datestop${dateText(info.date_stop, 'T')}`) +
    ((info.flags & LOCAL_TZ) === 0 ? '' : ' --kerneltz') +
    ((info.flags & CONTIGUOUS) === 0 ? '' : ' --contiguous'),
  nft: timeTests,
  bpf: clockTests,
  bpfLacks: ['--kerneltz'],
});

function isAllDay({ daytime_start, daytime_stop }: TimeInfo): boolean {
  return daytime_start === 0 && daytime_stop === LAST_SECOND;
}

function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => `${part}`.padStart(2, '0')).join(':');
}

function weekdaysText({ weekdays_match: mask }: TimeInfo): string {
  return weekdays.filter((_, at) => (mask & (2 << at)) !== 0).join(',');
}

function monthdaysText({ monthdays_match: mask }: TimeInfo, text: (day: number) => string): string {
  const days = Array.from({ length: 31 }, (_, at) => at + 1).filter((day) => ((mask >>> day) & 1) === 1);
  return days.map(text).join(',');
}

/** As iptables has it: 11st, 12nd, 13rd. */
function ordinal(day: number): string {
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`;
}

/** Nothing for the first second of 1970. */
function dateText(seconds: number, between: ' ' | 'T'): string {
  return seconds === 0 ? '' : ` ${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', between)}`;
}

/**
 * Dates, days and the time of day, all in UTC. nft's day of the week is in the kernel's time zone, and it has no day
 * of the month: so the days are written out, from first to last.
 */
function timeTests(info: TimeInfo): NftMatch {
  const { date_start, date_stop, daytime_stop: stop, flags } = info;
  if ((flags & LOCAL_TZ) !== 0) cannotExpress("time: nft's hours and dates aren't in the kernel's time zone");
  if (date_start > date_stop) return { alternatives: [] };
  const left = { meta: { key: 'hour' } };
  const hours = hourTests(info);
  if (isEveryDay(info)) return { alternatives: [[...dateTests(info), ...hours]] };
  const today = dayTest(info, 0);
  if ((flags & CONTIGUOUS) === 0 || stop === 0)
    return { alternatives: today.map((test) => [test, ...hours]), secondBest: true };
  // what is before the end belongs to the day before
  const late: readonly NftStatement[] = [{ match: { op: '>=', left, right: stop } }, ...hours];
  const early: NftStatement = { match: { op: '<', left, right: stop } };
  return {
    alternatives: [...today.map((test) => [test, ...late]), ...dayTest(info, 1).map((test) => [test, early])],
    secondBest: true,
  };
}

/** nft's numbers are seconds too, compared with a finer clock: up to the end of the last one. */
function dateTests({ date_start, date_stop }: TimeInfo): readonly NftStatement[] {
  const left = { meta: { key: 'time' } };
  return [
    ...(date_start === 0 ? [] : [{ match: { op: '>=', left, right: date_start } } as const]),
    { match: { op: '<', left, right: date_stop + 1 } },
  ];
}

function hourTests(info: TimeInfo): readonly NftStatement[] {
  const { daytime_start: start, daytime_stop: stop } = info;
  const left = { meta: { key: 'hour' } };
  if (start < stop) return isAllDay(info) ? [] : [{ match: { op: '==', left, right: { range: [start, stop] } } }];
  // over midnight: all but what lies between its end and its start
  return stop + 1 > start - 1 ? [] : [{ match: { op: '!=', left, right: { range: [stop + 1, start - 1] } } }];
}

function isEveryDay({ monthdays_match, weekdays_match }: TimeInfo): boolean {
  return (monthdays_match & ALL_MONTHDAYS) >>> 0 === ALL_MONTHDAYS && (weekdays_match & ALL_WEEKDAYS) === ALL_WEEKDAYS;
}

/**
 * The days that are asked for between the dates, `later` days later, as one set of spans; none where there is none.
 * A span ends with the first nanosecond of the day behind it, which is as near as seconds get.
 */
function dayTest(info: TimeInfo, later: number): readonly NftStatement[] {
  const { date_start: first, date_stop: last } = info;
  const spans: [number, number][] = [];
  for (let day = Math.floor(first / DAY); day * DAY <= last; day += 1) {
    if (!isAsked(info, day - later)) continue;
    const [from, to] = [Math.max(day * DAY, first), Math.min((day + 1) * DAY, last + 1)];
    const span = spans.at(-1);
    if (span?.[1] === from) span[1] = to;
    else spans.push([from, to]);
  }
  if (spans.length > MOST_SPANS) cannotExpress(`time: ${spans.length} spans of days, at most ${MOST_SPANS}`);
  if (spans.length === 0) return [];
  return [{ match: { op: '==', left: { meta: { key: 'time' } }, right: { set: spans.map((range) => ({ range })) } } }];
}

/** `day` counts from 1970-01-01, a Thursday. */
function isAsked({ monthdays_match, weekdays_match }: TimeInfo, day: number): boolean {
  const weekday = ((day + 3) % 7) + 1;
  if (((weekdays_match >>> weekday) & 1) === 0) return false;
  return ((monthdays_match >>> new Date(day * DAY * 1000).getUTCDate()) & 1) === 1;
}

/** By the clock as it is when the packet comes by (rules/bpf/machine-clock.ts), each packet's once for all rules. */
function clockTests(info: TimeInfo): BpfMatch {
  const { date_start, date_stop, daytime_start: start, daytime_stop: stop, flags } = info;
  if ((flags & LOCAL_TZ) !== 0) cannotExpress("time: a BPF program can't read the kernel's time zone");
  const groups: (readonly BpfTest[])[] = [[within('seconds', date_start, date_stop)]];
  if (start < stop && !isAllDay(info)) groups.push([within('daySeconds', start, stop)]);
  // over midnight: all but what lies between its end and its start
  if (stop + 1 < start) groups.push([within('daySeconds', stop + 1, start - 1, true)]);
  const asksBefore = (flags & CONTIGUOUS) !== 0;
  const days = (today: BpfTest, before: BpfTest) => {
    if (!asksBefore) groups.push([today]);
    // what is before the end belongs to the day before
    else groups.push([within('daySeconds', 0, stop), today], [within('daySeconds', 0, stop, true), before]);
  };
  const weekdays = info.weekdays_match & ALL_WEEKDAYS;
  // yesterday's bit is today's, one further; behind Sunday comes Monday
  const dayAfter = ((weekdays << 1) & ALL_WEEKDAYS) | ((weekdays >> 6) & 2);
  if (weekdays !== ALL_WEEKDAYS) days(anyBit('weekday', weekdays), anyBit('weekday', dayAfter));
  const monthdays = (info.monthdays_match & ALL_MONTHDAYS) >>> 0;
  if (monthdays !== ALL_MONTHDAYS) days(anyBit('monthday', monthdays), anyBit('monthdayBefore', monthdays));
  return { groups };
}
