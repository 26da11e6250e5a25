/** Environment variable that tells a detached shim what it takes over (see hand-over.ts). */
export const detachedVariable = 'BPFILTER_DETACHED';
