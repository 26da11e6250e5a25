import fs from 'node:fs';
import { BpfilterError } from '../../../protocol/error.ts';

/** Where the kernel tells its functions' names: itself, and nf_tables as a module. */
const tellers = ['/sys/kernel/btf/vmlinux', '/sys/kernel/btf/nf_tables'];

/** Exported by nf_tables for nft_compat alone, which calls it for each match of xt's that a batch brings (Linux 5.10). */
const waiting = Buffer.from('\0nf_tables_trans_destroy_flush_work\0');

/**
 * Whether a batch that brings a match of xt's waits for what the batches before took out of force: nft_compat has the
 * destructors of earlier matches run first (nft_compat_wait_for_destructors), and nf_tables runs those when no packet
 * is on its way through their rules any more. Not where the kernel doesn't tell.
 */
export function waitsForDestructors(files: readonly string[] = tellers): boolean {
  return files.some((file) => {
    try {
      return fs.readFileSync(file).includes(waiting);
    } catch (error) {
      if (isMissing(error)) return false;
      throw new BpfilterError('state', `${file} can't be read`, { cause: error });
    }
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
}
