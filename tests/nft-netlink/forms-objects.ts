import type { NftExpression, NftLimit, NftObject, NftStatement } from '../../rules/nft/json.ts';
import { field, meta, test } from './terms.ts';

const at = { family: 'ip', table: 'bpfilter_filter' } as const;

/** Named things and the rules that use them, in one document. */
export interface ObjectForm {
  readonly objects: readonly NftObject[];
  readonly rules: readonly (readonly NftStatement[])[];
}

/** An element as hashlimit makes it: of several fields, masks among them, each with a limit. */
function limiting(type: string | readonly string[], elem: NftExpression, limit: NftLimit): ObjectForm {
  const set = { ...at, name: 's', type, flags: ['timeout'], size: 1_048_576, timeout: 4_294_968 } as const;
  return { objects: [{ set }], rules: [[{ set: { op: 'update', elem, set: '@s', stmt: [{ limit }] } }]] };
}

/** Likewise connlimit, with a count. */
function counting(elem: NftExpression, count: { readonly val: number; readonly inv?: boolean }): ObjectForm {
  const set = { ...at, name: 's', type: 'ipv4_addr', size: 65_535 } as const;
  return { objects: [{ set }], rules: [[{ set: { op: 'add', elem, set: '@s', stmt: [{ 'ct count': count }] } }]] };
}

const [saddr, daddr] = [field('ip', 'saddr'), field('ip', 'daddr')] as const;
const hourly: NftLimit = { rate: 1, per: 'hour', burst: 3 };

const ownSets: readonly ObjectForm[] = [
  limiting('ipv4_addr', saddr, hourly),
  limiting('ipv4_addr', { '&': [saddr, '0.0.0.0'] }, { rate: 1_000_000, per: 'second', burst: 5, inv: true }),
  limiting('ipv4_addr', { '&': [daddr, '255.128.0.0'] }, { rate: 60, per: 'day', burst: 1, inv: true }),
  limiting(['ipv4_addr', 'ipv4_addr'], { concat: [saddr, daddr] }, hourly),
  limiting(
    ['ipv4_addr', 'ipv4_addr'],
    { concat: [{ '&': [saddr, '255.255.0.0'] }, { '&': [daddr, '0.0.0.0'] }] },
    { rate: 3, per: 'week', burst: 30_000 },
  ),
  limiting(
    ['ipv4_addr', 'ipv4_addr', 'inet_service', 'inet_service'],
    { concat: [{ '&': [saddr, '255.0.0.0'] }, daddr, field('th', 'sport'), field('th', 'dport')] },
    hourly,
  ),
  limiting('inet_service', field('th', 'sport'), hourly),
  counting(saddr, { val: 0 }),
  counting(daddr, { val: 4_294_967_295, inv: true }),
  counting({ '&': [saddr, '0.0.0.0'] }, { val: 3, inv: true }),
  counting({ '&': [daddr, '255.0.255.0'] }, { val: 3 }),
];

export const objectForms: readonly ObjectForm[] = [
  ...ownSets,
  {
    objects: [
      {
        limit: {
          ...at,
          name: 'q',
          rate: 1000,
          per: 'second',
          burst: 5,
          rate_unit: 'bytes',
          burst_unit: 'bytes',
          inv: true,
        },
      },
    ],
    rules: [[{ limit: 'q' }]],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'ipv4_addr', size: 7, timeout: 100 } }],
    rules: [
      [{ set: { op: 'delete', elem: field('ip', 'saddr'), set: '@s' } }],
      [
        {
          set: {
            op: 'update',
            elem: field('ip', 'saddr'),
            set: '@s',
            stmt: [{ limit: { rate: 1, per: 'second', burst: 5 } }, { counter: null }],
          },
        },
      ],
      [test('==', field('ip', 'saddr'), '@s')],
    ],
  },
  {
    objects: [
      {
        set: {
          ...at,
          name: 's',
          type: 'ipv4_addr',
          flags: ['interval'],
          elem: [{ prefix: { addr: '0.0.0.0', len: 0 } }],
        },
      },
    ],
    rules: [],
  },
  {
    objects: [
      { set: { ...at, name: 's', type: ['ipv4_addr', 'ipv4_addr', 'inet_proto'], size: 100, flags: ['timeout'] } },
    ],
    rules: [],
  },
  {
    objects: [{ set: { ...at, name: 'm', type: 'ifname', elem: ['lo'] } }],
    rules: [[test('==', meta('iifname'), '@m')]],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'ipv4_addr', elem: ['1.2.3.4', '1.2.3.5'] } }],
    rules: [[test('==', field('ip', 'saddr'), '@s')]],
  },
  {
    objects: [
      {
        set: {
          ...at,
          name: 's',
          type: 'ipv4_addr',
          flags: ['interval'],
          elem: ['1.2.3.4', { prefix: { addr: '10.0.0.0', len: 8 } }],
        },
      },
    ],
    rules: [[test('!=', field('ip', 'saddr'), '@s')]],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'ipv4_addr', size: 100, timeout: 5 } }],
    rules: [
      [
        {
          set: {
            op: 'add',
            elem: field('ip', 'saddr'),
            set: '@s',
            stmt: [{ limit: { rate: 3, per: 'second', burst: 5 } }],
          },
        },
      ],
    ],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'ipv4_addr', flags: ['timeout'] } }],
    rules: [[{ set: { op: 'update', elem: field('ip', 'saddr'), set: '@s' } }]],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'ipv4_addr', size: 100 } }],
    rules: [
      [{ set: { op: 'add', elem: field('ip', 'saddr'), set: '@s', stmt: [{ 'ct count': { val: 3, inv: true } }] } }],
    ],
  },
  {
    objects: [{ set: { ...at, name: 's', type: ['ipv4_addr', 'inet_service'], size: 100 } }],
    rules: [
      [
        {
          set: {
            op: 'update',
            elem: { concat: [field('ip', 'saddr'), field('tcp', 'dport')] },
            set: '@s',
            stmt: [{ counter: null }],
          },
        },
      ],
    ],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'ipv4_addr', size: 65535 } }],
    rules: [
      [
        {
          set: {
            op: 'add',
            elem: { '&': [field('ip', 'saddr'), '255.255.255.0'] },
            set: '@s',
            stmt: [{ 'ct count': { val: 3, inv: true } }],
          },
        },
      ],
    ],
  },
  {
    objects: [{ set: { ...at, name: 's', type: 'mark', size: 65535 } }],
    rules: [[{ set: { op: 'add', elem: meta('mark'), set: '@s' } }]],
  },
  {
    objects: [
      { set: { ...at, name: 's', type: 'ipv4_addr', flags: ['constant'], elem: ['1.2.3.4'] } },
      {
        set: {
          ...at,
          name: 'z',
          type: 'inet_service',
          flags: ['interval'],
          elem: [{ range: [5, 8] }, { range: [9, 65535] }],
        },
      },
    ],
    rules: [],
  },
  {
    objects: [
      {
        set: {
          ...at,
          name: 's',
          type: ['ipv4_addr', 'inet_service'],
          flags: ['interval'],
          elem: [{ concat: ['1.2.3.4', { range: [5, 8] }] }],
        },
      },
    ],
    rules: [[test('==', { concat: [field('ip', 'saddr'), field('tcp', 'dport')] }, '@s')]],
  },
];
