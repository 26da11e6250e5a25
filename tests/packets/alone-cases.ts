import type { PacketCase } from './case.ts';
import { connCases } from './conn-cases.ts';
import { ctCases } from './ct-cases.ts';
import { targetCases } from './target-cases.ts';

/** What even the second best way of nft's can't say, and cases of many rules with some of that among them. */
const beyondNft = ['--kerneltz', '18446744073709551614', '9007199254740993', 'all at once'];

function alone(cases: readonly PacketCase[], titles: RegExp): readonly PacketCase[] {
  return cases
    .filter(({ title }) => titles.test(title) && !beyondNft.some((part) => title.includes(part)))
    .map(({ title, steps }) => ({ title, steps }));
}

const targets = Object.values(targetCases).flat();
const steps = alone(targets, /^TTL --ttl-(inc|dec) /);
const services = alone(targets, /^TOS --/);
const marks = alone(targets, /^CONNMARK --restore-mark/);
const amounts = alone(connCases.connbytes, / (! --connbytes 1:1|--connbytes 0:2|! --connbytes 200:400|--connbytes 0) /);
const days = alone(connCases.time, /days /);

/** What nft carries by itself only where the kernel's own extensions mustn't. */
export const aloneCases: Readonly<Record<string, readonly PacketCase[]>> = {
  'TTL in steps': steps,
  'TOS with kept bits': services,
  'a mark restored in part': marks,
  'connbytes with 0 in its range': amounts,
  'CT and NOTRACK of any packet': alone(ctCases, /CT|NOTRACK/),
  'days of the week and the month': days,
  'quotas without an end': ['', '! '].map((not) => ({
    title: `${not}--quota`,
    steps: [
      { restore: `*filter\n-A INPUT -m quota ${not}--quota 18446744073709551615\nCOMMIT\n` },
      { send: targets[0]?.steps.flatMap((step) => ('send' in step ? step.send.slice(-40) : [])) ?? [] },
    ],
  })),
};
