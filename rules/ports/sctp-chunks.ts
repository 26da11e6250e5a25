/** A chunk type as libxt_sctp.c knows it; `flags` from bit 7 down, "-" where there is none. */
interface ChunkName {
  readonly type: number;
  readonly name: string;
  readonly flags: string;
}

const NO_FLAGS = '--------';
const DATA_FLAGS = '----IUBE';
const T_FLAG = '-------T';

function chunk(type: number, name: string, flags = NO_FLAGS): ChunkName {
  return { type, name, flags };
}

/** In the order of iptables, which takes places in it for types where it comes to flags. */
const chunks: readonly ChunkName[] = [
  chunk(0, 'DATA', DATA_FLAGS),
  chunk(1, 'INIT'),
  chunk(2, 'INIT_ACK'),
  chunk(3, 'SACK'),
  chunk(4, 'HEARTBEAT'),
  chunk(5, 'HEARTBEAT_ACK'),
  chunk(6, 'ABORT', T_FLAG),
  chunk(7, 'SHUTDOWN'),
  chunk(8, 'SHUTDOWN_ACK'),
  chunk(9, 'ERROR'),
  chunk(10, 'COOKIE_ECHO'),
  chunk(11, 'COOKIE_ACK'),
  chunk(12, 'ECN_ECNE'),
  chunk(13, 'ECN_CWR'),
  chunk(14, 'SHUTDOWN_COMPLETE', T_FLAG),
  chunk(64, 'I_DATA', DATA_FLAGS),
  chunk(130, 'RE_CONFIG'),
  chunk(132, 'PAD'),
  chunk(193, 'ASCONF'),
  chunk(128, 'ASCONF_ACK'),
  chunk(192, 'FORWARD_TSN'),
  chunk(194, 'I_FORWARD_TSN'),
];

const names: ReadonlyMap<number, string> = new Map(chunks.map(({ type, name }) => [type, name]));

/** SCTP_CHUNK_MATCH_*. */
const ways: ReadonlyMap<number, string> = new Map([
  [1, ' any'],
  [2, ' all'],
  [4, ' only'],
]);

/** The flags asked of one chunk type. */
interface ChunkFlags {
  readonly chunktype: number;
  readonly flag: number;
  readonly flag_mask: number;
}

export interface ChunkTypes {
  readonly chunkmap: readonly number[];
  readonly chunk_match_type: number;
  readonly flag_info: readonly ChunkFlags[];
  readonly flag_count: number;
}

/** " any DATA:Be,INIT", by number where `numeric` (print_chunks of libxt_sctp.c). */
export function chunkList({ chunkmap, chunk_match_type, flag_info, flag_count }: ChunkTypes, numeric: boolean): string {
  const way = ways.get(chunk_match_type) ?? 'Never reach here\n';
  if (chunkmap.every((word) => word === 0)) return `${way} NONE`;
  if (chunkmap.every((word) => word === 0xffffffff)) return `${way} ALL`;
  const asked = Array.from({ length: 256 }, (_, type) => type).filter(
    (type) => (((chunkmap[type >>> 5] ?? 0) >>> (type & 31)) & 1) === 1,
  );
  const flags = flag_info.slice(0, Math.max(flag_count, 0));
  const list = asked.map((type) => {
    const name = numeric ? `0x${type.toString(16).toUpperCase().padStart(4, '0')}` : (names.get(type) ?? '');
    return (
      name +
      flags
        .filter(({ chunktype }) => chunktype === type)
        .map(flagText)
        .join('')
    );
  });
  return list.length === 0 ? way : `${way} ${list.join(',')}`;
}

/** ":Be": capitals are set, others not. */
function flagText({ chunktype, flag, flag_mask }: ChunkFlags): string {
  const letters = [...(chunks[chunktype]?.flags ?? NO_FLAGS)].flatMap((letter, at) => {
    const bit = 0x80 >> at;
    if ((flag_mask & bit) === 0) return [];
    return [(flag & bit) === 0 ? letter.toLowerCase() : letter];
  });
  return flag_mask === 0 ? '' : `:${letters.join('')}`;
}
