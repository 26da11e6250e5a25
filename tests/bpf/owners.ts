/** Whose sockets are. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

const evens = Array.from({ length: 196 }, (_, at) => 10 + 2 * at);

export const owners: readonly Owner[] = [
  { uid: 0, gid: 0, groups: [] },
  { uid: 65534, gid: 7, groups: [] },
  { uid: 1, gid: 9, groups: [8] },
  { uid: 1, gid: 10, groups: evens },
  { uid: 2, gid: 11, groups: [65001, 30, 19] },
];

/** Where pure acknowledgements are lost. */
export const lossyPorts = [5020, 5021] as const;

export const racers: readonly Owner[] = [11, 12, 13, 14].map((id) => ({ uid: id, gid: 100 + id, groups: [200 + id] }));

export function addressOf({ uid }: Owner): string {
  return `127.0.0.${uid}`;
}
