import { describeMatches, describePackets } from './describe-packets.ts';
import { headerCases, headerMatchCases } from './header-cases.ts';

describeMatches(headerMatchCases);
describePackets(headerCases);
