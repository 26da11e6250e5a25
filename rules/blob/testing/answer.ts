import { errnoName } from '../../../protocol/errno.ts';
import { BpfilterError, errnoOf } from '../../../protocol/error.ts';
import { parseReplace } from '../parse.ts';
import type { Registry } from '../registry-interface.ts';
import { validateReplace } from '../validate.ts';
import { stubRegistry } from './registry.ts';

/** The errno's name, or '' for success. Anything but a BpfilterError goes on up. */
export function answerTo(blob: Uint8Array, registry: Registry = stubRegistry): string {
  try {
    validateReplace(parseReplace(blob), { registry });
    return '';
  } catch (error) {
    if (!(error instanceof BpfilterError)) throw error;
    return errnoName(errnoOf(error));
  }
}
