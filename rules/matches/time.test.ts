import { describeMatch } from '../testing/describe-match.ts';
import { time } from './time.ts';

describeMatch(time, {
  sizes: { 0: 24 },
  examples: [
    {
      hex: '00000000ffffff7f000000007f510100fefffffffe',
      list: ' TIME UTC',
      save: ' --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7f8b0e000072390000fefffffffe',
      list: ' TIME from 01:02:03 to 04:05:06 UTC',
      save: ' --timestart 01:02:03 --timestop 04:05:06 --datestop 2038-01-19T03:14:07',
      nft: {
        alternatives: [
          [
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } },
            { match: { op: '==', left: { meta: { key: 'hour' } }, right: { range: [3723, 14706] } } },
          ],
        ],
      },
    },
    {
      hex: '00000000ffffff7f6035010072390000fefffffffe02',
      list: ' TIME from 22:00:00 to 04:05:06 UTC contiguous',
      save: ' --timestart 22:00:00 --timestop 04:05:06 --datestop 2038-01-19T03:14:07 --contiguous',
      nft: {
        alternatives: [
          [
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } },
            { match: { op: '!=', left: { meta: { key: 'hour' } }, right: { range: [14707, 79199] } } },
          ],
        ],
      },
    },
    {
      hex: '00000000ffffff7fc0a80000c0a80000fefffffffe',
      list: ' TIME from 12:00:00 to 12:00:00 UTC',
      save: ' --timestart 12:00:00 --timestop 12:00:00 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7fc2a80000c1a80000fefffffffe',
      list: ' TIME from 12:00:02 to 12:00:01 UTC',
      save: ' --timestart 12:00:02 --timestop 12:00:01 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7f0000000000000000fefffffffe',
      list: ' TIME from 00:00:00 to 00:00:00 UTC',
      save: ' --timestart 00:00:00 --timestop 00:00:00 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7f000000007f5101000e382080fe',
      list: ' TIME on 1st,2nd,3rd,11st,12nd,13rd,21st,31st UTC',
      save: ' --monthdays 1,2,3,11,12,13,21,31 --datestop 2038-01-19T03:14:07',
      nft: 'nft has no days of the month',
    },
    {
      hex: '00000000ffffff7f000000007f510100fcfffffffe01',
      list: ' TIME on 2nd,3rd,4th,5th,6th,7th,8th,9th,10th,11st,12nd,13rd,14th,15th,16th,17th,18th,19th,20th,21st,22nd,23rd,24th,25th,26th,27th,28th,29th,30th,31st',
      save: ' --monthdays 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31 --datestop 2038-01-19T03:14:07 --kerneltz',
      nft: "nft's hours and dates aren't in the kern",
    },
    {
      hex: '00000000ffffff7f000000007f510100fffffffffe',
      list: ' TIME on 1st,2nd,3rd,4th,5th,6th,7th,8th,9th,10th,11st,12nd,13rd,14th,15th,16th,17th,18th,19th,20th,21st,22nd,23rd,24th,25th,26th,27th,28th,29th,30th,31st UTC',
      save: ' --monthdays 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '72837b3a7d0a4b50000000007f510100feffffffa2',
      list: ' TIME on Mon,Fri,Sun starting from 2001-02-03 04:05:06 until date 2012-09-08 09:06:05 UTC',
      save: ' --weekdays Mon,Fri,Sun --datestart 2001-02-03T04:05:06 --datestop 2012-09-08T09:06:05',
      nft: "nft's days of the week are in the kernel",
    },
    {
      hex: '72837b3affffff7f000000007f510100fefffffffe',
      list: ' TIME starting from 2001-02-03 04:05:06 UTC',
      save: ' --datestart 2001-02-03T04:05:06 --datestop 2038-01-19T03:14:07',
      nft: {
        alternatives: [
          [
            { match: { op: '>=', left: { meta: { key: 'time' } }, right: 981173106 } },
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } },
          ],
        ],
      },
    },
    {
      hex: '0066ee5f00e10b5e000000007f510100fefffffffe',
      list: ' TIME starting from 2021-01-01 00:00:00 until date 2020-01-01 00:00:00 UTC',
      save: ' --datestart 2021-01-01T00:00:00 --datestop 2020-01-01T00:00:00',
      nft: { alternatives: [] },
    },
    {
      hex: '0000000000000000000000007f510100fefffffffe',
      list: ' TIME until date UTC',
      save: '',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 1 } }]] },
    },
    // raw: up to the last second that 32 bits hold
    {
      hex: '01000000ffffffff000000007f510100fefffffffe',
      list: ' TIME starting from 1970-01-01 00:00:01 until date 2106-02-07 06:28:15 UTC',
      save: ' --datestart 1970-01-01T00:00:01 --datestop 2106-02-07T06:28:15',
      nft: {
        alternatives: [
          [
            { match: { op: '>=', left: { meta: { key: 'time' } }, right: 1 } },
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 4294967296 } },
          ],
        ],
      },
    },
  ],
  checks: [
    { hex: '000000000000000080510100', errno: 33 },
    { hex: '00000000000000000000000080510100', errno: 33 },
    { hex: '000000000000000000000000805101000000000000ff', errno: 33 },
    { hex: '0000000000000000000000007f510100000000000004', errno: 22 },
    { hex: '0000000000000000000000007f510100000000000002', errno: 22 },
    { hex: '00000000000000000100000001000000000000000003', errno: 0 },
  ],
});
