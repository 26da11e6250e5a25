/** Ids of entries are u32 on disk. */
export const MOST_IDS = 2 ** 32 - 1;
