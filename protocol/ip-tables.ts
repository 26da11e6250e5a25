import { array, be32, bytes, cstring, defineStruct, u8, u16, u32, u64, type ValueOf } from './struct.ts';
import { NF_INET_NUMHOOKS, XT_ALIGNMENT, XT_TABLE_MAXNAMELEN, xt_counters } from './x-tables.ts';

/** The IPv4 interface: structures and numbers of linux/netfilter_ipv4/ip_tables.h. */
const header = 'linux/netfilter_ipv4/ip_tables.h';

/** Options of setsockopt at level IPPROTO_IP. */
export const IPT_SO_SET_REPLACE = 64;
export const IPT_SO_SET_ADD_COUNTERS = 65;
/** Options of getsockopt at level IPPROTO_IP. */
export const IPT_SO_GET_INFO = 64;
export const IPT_SO_GET_ENTRIES = 65;
export const IPT_SO_GET_REVISION_MATCH = 66;
export const IPT_SO_GET_REVISION_TARGET = 67;

/** ipt_ip.flags: a rule for second and further fragments. */
export const IPT_F_FRAG = 0x01;
/** ipt_ip.flags: the jump is a goto. */
export const IPT_F_GOTO = 0x02;
/** All flags there are; the kernel refuses others. */
export const IPT_F_MASK = 0x03;

// ipt_ip.invflags: the test is inverted.
export const IPT_INV_VIA_IN = 0x01;
export const IPT_INV_VIA_OUT = 0x02;
export const IPT_INV_TOS = 0x04;
export const IPT_INV_SRCIP = 0x08;
export const IPT_INV_DSTIP = 0x10;
export const IPT_INV_FRAG = 0x20;
export const IPT_INV_PROTO = 0x40;
/** All inversions there are; the kernel refuses others. */
export const IPT_INV_MASK = 0x7f;

/** Room of an interface name, its NUL included (linux/if.h). */
export const IFNAMSIZ = 16;

const perHook = array(u32, NF_INET_NUMHOOKS);

/** What a rule tests before its matches. */
export const ipt_ip = defineStruct('ipt_ip', header, {
  src: be32,
  dst: be32,
  smsk: be32,
  dmsk: be32,
  iniface: bytes(IFNAMSIZ),
  outiface: bytes(IFNAMSIZ),
  iniface_mask: bytes(IFNAMSIZ),
  outiface_mask: bytes(IFNAMSIZ),
  proto: u16,
  flags: u8,
  invflags: u8,
});

/** Stands before the matches of a rule; `target_offset` and `next_offset` count from its start. */
export const ipt_entry = defineStruct('ipt_entry', header, {
  ip: ipt_ip,
  nfcache: u32,
  target_offset: u16,
  next_offset: u16,
  comefrom: u32,
  counters: xt_counters,
});

/** Argument and answer of GET_INFO. */
export const ipt_getinfo = defineStruct('ipt_getinfo', header, {
  name: cstring(XT_TABLE_MAXNAMELEN),
  valid_hooks: u32,
  hook_entry: perHook,
  underflow: perHook,
  num_entries: u32,
  size: u32,
});

/** Argument of GET_ENTRIES without its entries, which start at the struct's `size`. */
export const ipt_get_entries = defineStruct(
  'ipt_get_entries',
  header,
  { name: cstring(XT_TABLE_MAXNAMELEN), size: u32 },
  { align: XT_ALIGNMENT },
);

/** Argument of SET_REPLACE without its entries, which start at the struct's `size`. */
export const ipt_replace = defineStruct('ipt_replace', header, {
  name: cstring(XT_TABLE_MAXNAMELEN),
  valid_hooks: u32,
  num_entries: u32,
  size: u32,
  hook_entry: perHook,
  underflow: perHook,
  num_counters: u32,
  /** Where the caller wants the old counters: an address in its memory. */
  counters: u64,
});

export type IptIp = ValueOf<typeof ipt_ip>;
