import { errnoName } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { emptyBatch, generationRequest } from '../../rules/nft/netlink/requests.ts';
import { sendBatch } from '../../sys/nfnetlink/batch.ts';
import { ask } from '../../sys/nfnetlink/dump.ts';
import { type NetlinkSocket, openNetlink } from '../../sys/nfnetlink/socket.ts';
import type { Log } from '../log.ts';
import type { DataPlane } from './data-plane.ts';
import { netlinkDataPlane } from './netlink.ts';
import { nftDataPlane, type RunNft } from './nft-exec.ts';

/** What the driver was told to use; `auto`: netlink where it works. */
export type WantedTransport = 'auto' | 'netlink' | 'exec';

export interface ChooseOptions {
  readonly wanted: WantedTransport;
  readonly run: RunNft;
  readonly log: Log;
}

/** The data plane of this process' network namespace. Throws `dataplane` where netlink is wanted and doesn't work. */
export function chooseDataPlane({ wanted, run, log }: ChooseOptions): DataPlane {
  if (wanted === 'exec') return nftDataPlane(run, 'asked for');
  const problem = netlinkProblem();
  if (problem === undefined) {
    const reason = wanted === 'netlink' ? 'asked for' : 'it works here';
    return netlinkDataPlane({ open: openNetlink, reason });
  }
  if (wanted === 'netlink') throw new BpfilterError('dataplane', `netlink was asked for: ${problem}`);
  log.info(`rules go through nft, not netlink: ${problem}`);
  return nftDataPlane(run, `netlink doesn't work here: ${problem}`);
}

/** Why we can't use netlink here; asks for the generation and sends a batch that changes nothing. */
function netlinkProblem(): string | undefined {
  let socket: NetlinkSocket | undefined;
  try {
    socket = openNetlink();
    const end = ask(socket, { bytes: generationRequest(1), sequence: 1, isDump: false }, () => {});
    if (end.kind === 'refused') return `the generation can't be had: ${errnoName(end.errno)}`;
    const result = sendBatch(socket, emptyBatch());
    if (result.kind === 'taken') return undefined;
    const code = result.kind === 'refused' ? result.errors[0].errno : result.kind === 'unsent' ? result.errno : 0;
    return `an empty batch is refused: ${errnoName(code)}`;
  } catch (error) {
    if (error instanceof BpfilterError) return error.message;
    throw error;
  } finally {
    socket?.close();
  }
}
