import { anyBit, type FieldTest } from '../bpf/test.ts';
import { conntrackState } from './state.ts';

const { established, related, new: isNew } = conntrackState;

/** Whether the packet has a connection, be it a template. */
export const isTracked: FieldTest = anyBit('conntrackState', established | related | isNew);

/** Whether it has none. */
export const isUntracked: FieldTest = { ...isTracked, negated: true };
