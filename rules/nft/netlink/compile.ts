import { BpfilterError } from '../../../protocol/error.ts';
import type { NftCommand, NftDocument, NftObject, NftRule } from '../json.ts';
import type { Loose } from './loose.ts';
import { writeDeleteSet, writeFlushSet, writeNewSet } from './named-set.ts';
import { BATCH_BEGIN, BATCH_END, familyNumber, messageFlag } from './numbers.ts';
import { writeDeleteObject, writeNewObject } from './objects.ts';
import { writeDeleteChain, writeDeleteRule, writeDeleteTable, writeNewChain, writeNewTable } from './places.ts';
import { type RulePlace, ruleSteps, writeRule } from './rule.ts';
import { writeAnonymousSet } from './set.ts';
import type { AnonymousSet } from './set-model.ts';
import { changedSet } from './set-statement.ts';
import { unsupported } from './unsupported.ts';
import { MessageWriter } from './writer.ts';

/** A document as one batch, or what in it isn't known here. */
export type CompiledBatch =
  | {
      readonly kind: 'batch';
      /** Valid until the writer is used again. */
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: 'unsupported'; readonly reason: string };

const GENERATION_ID = 1; // NFNL_BATCH_GENID
/** Bytes that a command takes on the average; too low a guess costs time, no more. */
const COMMAND_SIZE = 320;
const RESOURCE = 10; // NFNL_SUBSYS_NFTABLES

/**
 * Compiles a document into the messages of one nf_tables batch, so that the kernel then holds what it
 * would hold after `nft -j -f` (nft 1.0.6). The messages of command i have sequence number i + 1, the
 * batch's own have 0. With `generation` the kernel refuses it (ERESTART) when its rules are of another one by then.
 * Pure, but for the writer that is filled.
 */
export function compileBatch(
  { nftables }: NftDocument,
  writer: MessageWriter = new MessageWriter(),
  generation?: number,
): CompiledBatch {
  writer.reset();
  writer.expect(nftables.length * COMMAND_SIZE);
  const compiler = new BatchCompiler(writer);
  try {
    compiler.compile(nftables, generation);
  } catch (error) {
    if (error instanceof BpfilterError && error.code === 'not-expressible')
      return { kind: 'unsupported', reason: error.message };
    throw error;
  }
  return { kind: 'batch', bytes: writer.bytes() };
}

class BatchCompiler {
  readonly #writer: MessageWriter;
  #lastSet = 0;
  #commands: readonly NftCommand[] = [];
  /** Sets that rules of this batch change, once somebody asks. */
  #changed: ReadonlySet<string> | undefined;

  constructor(writer: MessageWriter) {
    this.#writer = writer;
  }

  compile(commands: readonly NftCommand[], generation: number | undefined): void {
    this.#commands = commands;
    this.#mark(BATCH_BEGIN, generation);
    for (let index = 0; index < commands.length; index += 1) {
      const command = commands[index];
      if (command !== undefined) this.#command(command, index + 1);
    }
    this.#mark(BATCH_END);
  }

  #mark(type: number, generation?: number): void {
    const start = this.#writer.openRaw(type, messageFlag.request, 0, 0, RESOURCE);
    if (generation !== undefined) this.#writer.u32(GENERATION_ID, generation);
    this.#writer.closeMessage(start);
  }

  #command(command: Loose<NftCommand>, sequence: number): void {
    if (command.add !== undefined) this.#add(command.add, sequence, false);
    else if (command.delete !== undefined) this.#delete(command.delete, sequence);
    else if (command.insert !== undefined) this.#insert(command.insert, sequence);
    else if (command.create !== undefined) this.#add(command.create, sequence, true);
    else if (command.flush !== undefined) this.#flush(command.flush, sequence);
    else unsupported(`command ${JSON.stringify(command)}`);
  }

  #add(object: Loose<NftObject>, sequence: number, exclusive: boolean): void {
    const writer = this.#writer;
    const { rule, chain, table, set } = object;
    if (rule !== undefined) {
      if (exclusive) unsupported('create of a rule');
      // of nft 1.0.6 such a rule goes to the chain's end all the same
      if (rule.handle !== undefined) unsupported('add of a rule behind a handle');
      this.#rule(rule, sequence, { inserted: false, handle: undefined });
    } else if (chain !== undefined) writeNewChain(writer, sequence, chain, exclusive);
    else if (table !== undefined) writeNewTable(writer, sequence, table, exclusive);
    else if (set !== undefined) {
      this.#lastSet += 1;
      const changed = this.#changedSets().has(setKey(set));
      writeNewSet(writer, sequence, set, { id: this.#lastSet, exclusive, changed });
    } else if (!writeNewObject(writer, sequence, object, exclusive)) unsupported(`object ${JSON.stringify(object)}`);
  }

  #insert(object: NftObject, sequence: number): void {
    if (!('rule' in object)) unsupported('insert of what is no rule');
    else this.#rule(object.rule, sequence, { inserted: true, handle: object.rule.handle });
  }

  #delete(object: Loose<NftObject>, sequence: number): void {
    const writer = this.#writer;
    const { rule, chain, table, set } = object;
    if (rule !== undefined) {
      if (rule.handle === undefined) unsupported('delete of a rule without its handle');
      else writeDeleteRule(writer, sequence, { ...rule, handle: rule.handle });
    } else if (chain !== undefined) writeDeleteChain(writer, sequence, chain);
    else if (table !== undefined) writeDeleteTable(writer, sequence, table);
    else if (set !== undefined) writeDeleteSet(writer, sequence, set);
    else if (!writeDeleteObject(writer, sequence, object)) unsupported(`object ${JSON.stringify(object)}`);
  }

  #flush({ chain, table, set }: Loose<NftObject>, sequence: number): void {
    const writer = this.#writer;
    if (chain !== undefined) {
      writeDeleteRule(writer, sequence, { family: chain.family, table: chain.table, chain: chain.name });
    } else if (table !== undefined) writeDeleteRule(writer, sequence, { family: table.family, table: table.name });
    else if (set !== undefined) writeFlushSet(writer, sequence, set);
    else unsupported('flush of what is no chain, table or set');
  }

  /** nft marks a set that a rule of the same document changes. */
  #changedSets(): ReadonlySet<string> {
    this.#changed ??= new Set(this.#commands.flatMap(changedBy));
    return this.#changed;
  }

  /** The sets first, in the order in which the rule names them. */
  #rule(rule: NftRule, sequence: number, place: RulePlace): void {
    const { steps, sets } = ruleSteps(rule);
    const first = this.#lastSet + 1;
    for (const set of sets) {
      this.#lastSet += 1;
      const at = { family: familyNumber[rule.family], table: rule.table, id: this.#lastSet };
      writeAnonymousSet(this.#writer, sequence, at, set);
    }
    const idOf = (set: AnonymousSet) => first + sets.indexOf(set);
    writeRule(this.#writer, sequence, rule, steps, place, idOf);
  }
}

function setKey({ family, table, name }: { readonly family: string; readonly table: string; readonly name: string }) {
  return JSON.stringify([family, table, name]);
}

/** The sets that a command's rule changes. */
function changedBy(command: Loose<NftCommand>): readonly string[] {
  const object: Loose<NftObject> | undefined = command.add ?? command.insert;
  const { family, table, expr = [] } = object?.rule ?? {};
  if (family === undefined || table === undefined) return [];
  return expr.flatMap((statement) =>
    'set' in statement ? [setKey({ family, table, name: changedSet(statement.set) })] : [],
  );
}
