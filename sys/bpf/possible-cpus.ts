import { readFileSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';
import { nodeCallError } from '../fail.ts';

const path = '/sys/devices/system/cpu/possible';

/** The numbers in a list as the kernel prints it: `0-3,8` is 0, 1, 2, 3 and 8. Throws `malformed`. */
export function parseCpuList(text: string): readonly number[] {
  const cpus: number[] = [];
  for (const range of text.trim().split(',')) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
    if (first === undefined) throw new BpfilterError('malformed', `list of CPUs: expected numbers, found "${text}"`);
    for (let cpu = Number(first); cpu <= Number(last); cpu++) cpus.push(cpu);
  }
  return cpus;
}

/**
 * The CPUs that this kernel may ever run on, in order. A per-CPU value has one part for each (their
 * count); what a program indexes by bpf_get_smp_processor_id needs room for the last one's number (+ 1).
 */
export function possibleCpus(): readonly number[] {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw nodeCallError('read', error, path);
  }
  return parseCpuList(text);
}
