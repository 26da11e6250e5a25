import { xt_get_revision } from '../../protocol/x-tables.ts';
import { answerRevision, type ExtensionKind } from '../../rules/registry.ts';
import { readCaller, type ServeOption, wantLength } from './request.ts';

/**
 * GET_REVISION_MATCH and _TARGET (xt_find_revision, net/netfilter/x_tables.c): whether an extension
 * has a revision. Throws `no-such-extension`, `revision-unsupported`.
 */
export function getRevision(kind: ExtensionKind): ServeOption {
  const { size } = xt_get_revision;
  return (service, request) => {
    wantLength('GET_REVISION', request.length === size, request, `${size}`);
    const { name, revision } = xt_get_revision.read(readCaller(service, request.address, size));
    answerRevision(kind, name.slice(0, xt_get_revision.offsets.revision - 1), revision);
    return 0;
  };
}
