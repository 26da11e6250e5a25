import { describe, expect, it } from 'vitest';
import { measureWithC, whyNotMeasured } from './c-layout.ts';
import { ipt_entry, ipt_get_entries, ipt_getinfo, ipt_ip, ipt_replace } from './ip-tables.ts';
import { mbox_reply, mbox_request } from './mbox.ts';
import {
  xt_counters,
  xt_counters_info,
  xt_entry_match,
  xt_entry_target,
  xt_error_target,
  xt_get_revision,
  xt_standard_target,
} from './x-tables.ts';

/** What the table looks at: any struct, whatever its values. */
interface Layout {
  readonly name: string;
  readonly header: string;
  readonly size: number;
  readonly align: number;
  readonly offsets: Readonly<Record<string, number>>;
}

interface Row {
  readonly struct: Layout;
  readonly size: number;
  readonly align: number;
  readonly offsets: Readonly<Record<string, number>>;
  /** Members that C names otherwise. */
  readonly members?: Readonly<Record<string, string>>;
}

const match = { match_size: 'u.match_size', name: 'u.user.name', revision: 'u.user.revision' };
const target = { target_size: 'u.target_size', name: 'u.user.name', revision: 'u.user.revision' };

const rows: readonly Row[] = [
  {
    struct: ipt_ip,
    size: 84,
    align: 4,
    offsets: {
      src: 0,
      dst: 4,
      smsk: 8,
      dmsk: 12,
      iniface: 16,
      outiface: 32,
      iniface_mask: 48,
      outiface_mask: 64,
      proto: 80,
      flags: 82,
      invflags: 83,
    },
  },
  {
    struct: ipt_entry,
    size: 112,
    align: 8,
    offsets: { ip: 0, nfcache: 84, target_offset: 88, next_offset: 90, comefrom: 92, counters: 96 },
  },
  {
    struct: ipt_getinfo,
    size: 84,
    align: 4,
    offsets: { name: 0, valid_hooks: 32, hook_entry: 36, underflow: 56, num_entries: 76, size: 80 },
  },
  { struct: ipt_get_entries, size: 40, align: 8, offsets: { name: 0, size: 32 } },
  {
    struct: ipt_replace,
    size: 96,
    align: 8,
    offsets: {
      name: 0,
      valid_hooks: 32,
      num_entries: 36,
      size: 40,
      hook_entry: 44,
      underflow: 64,
      num_counters: 84,
      counters: 88,
    },
  },
  { struct: xt_counters, size: 16, align: 8, offsets: { pcnt: 0, bcnt: 8 } },
  { struct: xt_counters_info, size: 40, align: 8, offsets: { name: 0, num_counters: 32 } },
  { struct: xt_get_revision, size: 30, align: 1, offsets: { name: 0, revision: 29 } },
  { struct: xt_entry_match, size: 32, align: 8, offsets: { match_size: 0, name: 2, revision: 31 }, members: match },
  { struct: xt_entry_target, size: 32, align: 8, offsets: { target_size: 0, name: 2, revision: 31 }, members: target },
  { struct: xt_standard_target, size: 40, align: 8, offsets: { target: 0, verdict: 32 } },
  { struct: xt_error_target, size: 64, align: 8, offsets: { target: 0, errorname: 32 } },
  { struct: mbox_request, size: 24, align: 8, offsets: { addr: 0, len: 8, is_set: 12, cmd: 16, pid: 20 } },
  { struct: mbox_reply, size: 4, align: 4, offsets: { status: 0 } },
];

describe('sizes and offsets', () => {
  it.each(rows.map((row) => [row.struct.name, row] as const))('%s', (_name, { struct, size, align, offsets }) => {
    expect({ size: struct.size, align: struct.align, offsets: struct.offsets }).toEqual({ size, align, offsets });
  });
});

const headers = ['linux/if.h', 'linux/netfilter/x_tables.h', 'linux/netfilter_ipv4/ip_tables.h'];
const inHeaders = rows.filter(({ struct }) => headers.includes(struct.header));
const reason = whyNotMeasured(headers);

describe(`against the kernel headers${reason === undefined ? '' : `: skipped, ${reason}`}`, () => {
  it.skipIf(reason !== undefined)('every struct is what gcc says', () => {
    const measured = measureWithC(
      headers,
      inHeaders.map(({ struct, members }) => ({
        type: `struct ${struct.name}`,
        members: members ?? Object.fromEntries(Object.keys(struct.offsets).map((field) => [field, field])),
      })),
    );
    const ours = inHeaders.map(({ struct: { name, size, align, offsets } }) => ({ name, size, align, offsets }));
    expect(ours).toEqual(measured.map((found, index) => ({ name: inHeaders[index]?.struct.name, ...found })));
  });
});
