import { type BlobCase, entryCases } from './malformed-entries.ts';
import { graphCases } from './malformed-graphs.ts';
import { headerCases } from './malformed-headers.ts';

/** Every hand-made blob with the kernel's answer. */
export const blobCases: readonly BlobCase[] = [...entryCases, ...headerCases, ...graphCases];
