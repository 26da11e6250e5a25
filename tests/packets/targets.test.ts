import { describePackets } from './describe-packets.ts';
import { markCases } from './mark-cases.ts';
import { logCases, rejectCases } from './reject-cases.ts';
import { verdictCases } from './verdict-cases.ts';

describePackets({
  'verdicts and chains': verdictCases,
  'REJECT and LOG': [...rejectCases, ...logCases],
  'MARK and mark': markCases,
});
