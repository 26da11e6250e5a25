import { deepCases } from './deep-cases.ts';
import { describePackets } from './describe-packets.ts';

describePackets({ 'deep chains': deepCases });
