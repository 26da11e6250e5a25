import type { Assembler } from './assembler.ts';
import { CHUNK_TABLE_SIZE, chunkModes, chunkTable } from './chunk-look.ts';
import { FP, R1, R2, R3, R4, R8 } from './instruction.ts';
import { frame, type MachineOptions, machineMaps, WITHIN_PACKET } from './machine-frame.ts';
import { loadInto, record } from './machine-read.ts';
import { headerOffsets, RECORD_SIZE, recordOffsets } from './record.ts';

/** In the frame's key: where the next chunk begins, and which types were there. */
const [at, seen] = [frame.key, frame.key + 8];

const SCTP_HEADER = 12;
/** struct sctp_chunkhdr (linux/sctp.h). */
const chunk = { type: 0, flags: 1, length: 2, size: 4 } as const;

/** xt_sctp.c, match_packet; the header was there whole when the ports were compared. */
export function chunks(code: Assembler, { size }: MachineOptions): void {
  code.load(1, R1, FP, frame.ipHeader).alu('and', R1, 15).alu('lsh', R1, 2).alu('add', R1, SCTP_HEADER);
  // 0, but nothing that the verifier knows of
  code.mapValue(R2, machineMaps.records).load(8, R2, R2, headerOffsets.zero).store(8, FP, seen, { register: R2 });
  code.alu('or', R1, { register: R2 }).alu('and', R1, WITHIN_PACKET).store(8, FP, at, { register: R1 });
  code.label('chunks-next').mayGoto('drop').load(8, R1, FP, at);
  loadInto(code, { from: R1, to: frame.scratch, size: chunk.size });
  code
    .load(2, R1, FP, frame.scratch + chunk.length)
    .swap(R1, 16)
    .branch(R1, '==', 0, 'drop');
  code.alu('add', R1, 3).alu('and', R1, ~3).load(8, R2, FP, at).alu('add', R1, { register: R2 });
  code
    .alu('and', R1, WITHIN_PACKET)
    .store(8, FP, at, { register: R1 })
    .branch(R8, '>', size - RECORD_SIZE - CHUNK_TABLE_SIZE, 'drop');
  record(code)
    .load(1, R1, FP, frame.scratch + chunk.type)
    .alu('mul', R1, chunkTable.size)
    .alu('add', R1, { register: R3 });
  const ofType = (offset: number) => code.load(1, R2, R1, RECORD_SIZE + offset);
  ofType(chunkTable.asked).branch(R2, '==', 0, 'chunks-other');
  code.load(1, R4, FP, frame.scratch + chunk.flags);
  ofType(chunkTable.mask).alu('and', R4, { register: R2 });
  ofType(chunkTable.flags).branch(R4, '!=', { register: R2 }, 'chunks-other');
  const mode = () => code.load(4, R4, R3, recordOffsets.first);
  mode().branch(R4, '==', chunkModes.any, 'true');
  ofType(chunkTable.bit).move(R4, { value: 1 }).alu('lsh', R4, { register: R2 });
  code.load(8, R2, FP, seen).alu('or', R2, { register: R4 }).store(8, FP, seen, { register: R2 }).jump('chunks-on');
  code.label('chunks-other');
  mode().branch(R4, '==', chunkModes.only, 'false');
  code.label('chunks-on').load(8, R1, FP, at).load(8, R2, FP, frame.length);
  code.branch(R1, '<', { register: R2 }, 'chunks-next');
  mode().branch(R4, '==', chunkModes.only, 'true').branch(R4, '==', chunkModes.any, 'false');
  code.load(8, R1, FP, seen).load(8, R2, R3, recordOffsets.filled).branch(R1, '==', { register: R2 }, 'true');
  code.jump('false');
}
