import { type BlobCase, entryCases } from './malformed-entries.ts';
import { graphCases, headerCases } from './malformed-tables.ts';

/** Every hand-made blob with the kernel's answer. */
export const blobCases: readonly BlobCase[] = [...entryCases, ...headerCases, ...graphCases];
