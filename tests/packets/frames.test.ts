import { describePackets } from './describe-packets.ts';
import { frameCases } from './frame-cases.ts';

describePackets(frameCases);
