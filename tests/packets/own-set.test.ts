import { vi } from 'vitest';
import { describePackets } from './describe-packets.ts';
import { ownSetCases } from './own-set-cases.ts';

vi.stubEnv('BPFILTER_XT', 'no');
describePackets(ownSetCases);
