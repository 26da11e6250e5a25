/** linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h: only what we send or read. */

export const messageFlag = {
  request: 0x1,
  ack: 0x4,
  echo: 0x8,
  dump: 0x300,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
} as const;

/** nlmsg_type is NFNL_SUBSYS_NFTABLES << 8 and one of these. */
export const SUBSYSTEM = 10 << 8;

export const message = {
  newTable: 0,
  getTable: 1,
  deleteTable: 2,
  newChain: 3,
  getChain: 4,
  deleteChain: 5,
  newRule: 6,
  getRule: 7,
  deleteRule: 8,
  newSet: 9,
  deleteSet: 11,
  newSetElement: 12,
  deleteSetElement: 14,
  getGeneration: 16,
  newObject: 18,
  getObject: 19,
  deleteObject: 20,
} as const;

/** Message types without a subsystem. */
export const BATCH_BEGIN = 16;
export const BATCH_END = 17;

/** NFPROTO_* by nft's names. */
export const familyNumber = { ip: 2, ip6: 10 } as const;

/** Bits 15 and 14 of nla_type: nested, network byte order. */
export const NESTED = 0x8000;
export const TYPE_MASK = 0x3fff;

export const LIST_ELEMENT = 1; // NFTA_LIST_ELEM

export const tableAttribute = { name: 1, flags: 2 } as const;
export const chainAttribute = { table: 1, name: 3, hook: 4, policy: 5, type: 7 } as const;
export const hookAttribute = { number: 1, priority: 2 } as const;
export const ruleAttribute = {
  table: 1,
  chain: 2,
  handle: 3,
  expressions: 4,
  compat: 5,
  position: 6,
  userdata: 7,
} as const;
export const compatAttribute = { protocol: 1, flags: 2 } as const;
export const objectAttribute = { table: 1, name: 2, type: 3, data: 4 } as const;
export const setAttribute = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  dataType: 6,
  dataLength: 7,
  description: 9,
  id: 10,
  timeout: 11,
  userdata: 13,
} as const;
export const setFlag = {
  anonymous: 1,
  constant: 2,
  interval: 4,
  map: 8,
  timeout: 0x10,
  evaluated: 0x20,
  concatenation: 0x80,
} as const;
export const setElementListAttribute = { table: 1, set: 2, elements: 3, setId: 4 } as const;
export const setElementAttribute = { key: 1, data: 2, flags: 3, userdata: 6, keyEnd: 10 } as const;
export const expressionAttribute = { name: 1, data: 2 } as const;
export const dataAttribute = { value: 1, verdict: 2 } as const;
export const verdictAttribute = { code: 1, chain: 2 } as const;

/** NFT_OBJECT_* */
export const objectType = {
  counter: 1,
  quota: 2,
  ctHelper: 3,
  limit: 4,
  ctTimeout: 7,
  ctExpectation: 9,
} as const;

export const verdictCode = { accept: 1, drop: 0, jump: -3, goto: -4, return: -5 } as const;

/** NFT_CMP_*; those of ranges (NFT_RANGE_*) are the first two. */
export const comparison = { '==': 0, '!=': 1, '<': 2, '<=': 3, '>': 4, '>=': 5 } as const;

/** Type of the text in a rule's userdata: NFTNL_UDATA_RULE_COMMENT (libnftnl/udata.h). */
export const USERDATA_COMMENT = 0;
