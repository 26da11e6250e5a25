import { describeMatchesTogether } from './describe-packets.ts';
import { matchCases } from './match-cases.ts';

describeMatchesTogether('packets meet each match as in the kernel', matchCases);
