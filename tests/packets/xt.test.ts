import { describeMatchesTogether, describePackets } from './describe-packets.ts';
import { xtCases } from './xt-cases.ts';
import { xtRawCases } from './xt-raw-cases.ts';

describeMatchesTogether("packets meet the kernel's own matches as in ip_tables", xtCases);
describePackets({ 'revisions and matches that iptables has no words for': xtRawCases });
