import { fileURLToPath } from 'node:url';
import { newClient } from '../kern-shim/new-client.ts';
import { koffiPath } from '../sys/koffi.ts';

/** The files a shim needs beside itself, and a name of its own for the journals. */
export interface ShimFiles {
  readonly blobFile: string;
  readonly koffiFile: string;
  readonly client: string;
}

/** The driver blob lies beside the bundle; run from the sources, it is the one that was built last. */
export function shimFiles(): ShimFiles {
  const folder = import.meta.url.endsWith('.ts') ? '../dist/' : './';
  return {
    blobFile: fileURLToPath(new URL(`${folder}bpfilter_umh.cjs`, import.meta.url)),
    koffiFile: koffiPath(),
    client: newClient(),
  };
}
