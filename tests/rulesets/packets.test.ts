import { describePackets } from '../packets/describe-packets.ts';
import { rulesetCases } from './cases.ts';

describePackets({ 'rulesets and their flows': rulesetCases });
