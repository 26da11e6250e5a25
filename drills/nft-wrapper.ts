import fs from 'node:fs';
import path from 'node:path';

/** What stands for nft does with a transaction (`nft -j -f -`) or, where so named, with any call. */
export type NftMode =
  | 'works'
  | 'hangs'
  | 'exits 1'
  | 'exits 1 always'
  | 'prints garbage'
  | 'lists garbage'
  | 'is killed before'
  | 'is killed after'
  | 'hangs after'
  | 'exits 1 after'
  | 'slow'
  | 'slow after';

/** Milliseconds by which `slow` puts off a transaction. */
export const slowness = 300;

/** A program in nft's place (BPFILTER_NFT) that fails as it is told, also while a driver runs. */
export class NftWrapper {
  readonly path: string;
  readonly #mode: string;

  constructor(folder: string) {
    this.path = path.join(folder, 'nft');
    this.#mode = path.join(folder, 'nft-mode');
    this.mode = 'works';
    this.appear();
  }

  set mode(mode: NftMode) {
    fs.writeFileSync(this.#mode, mode);
  }

  get environment(): Readonly<Record<string, string>> {
    return { BPFILTER_NFT: this.path, BPFILTER_TRANSPORT: 'exec' };
  }

  vanish(): void {
    fs.rmSync(this.path);
  }

  appear(): void {
    fs.writeFileSync(this.path, script(this.#mode), { mode: 0o755 });
  }
}

/** `exec` keeps the process the driver started: it is killed and waited for as nft would be. */
function script(modeFile: string): string {
  const seconds = slowness / 1000;
  return `#!/bin/sh
mode=$(cat '${modeFile}')
case "$*" in *' -f '*) commit=yes ;; *) commit=no ;; esac
case "$mode:$commit" in
  hangs:yes) exec sleep 1000 ;;
  'exits 1:yes' | 'exits 1 always:'*) echo 'Error: told to fail' >&2; exit 1 ;;
  'prints garbage:yes') head -c 3000 /dev/urandom; head -c 3000 /dev/urandom >&2; exit 3 ;;
  'lists garbage:no') head -c 3000 /dev/urandom; exit 0 ;;
  'is killed before:yes') kill -9 $$ ;;
  'is killed after:yes') nft "$@"; kill -9 $$ ;;
  'hangs after:yes') nft "$@"; exec sleep 1000 ;;
  'exits 1 after:yes') nft "$@"; exit 1 ;;
  slow:yes) sleep ${seconds} ;;
  'slow after:yes') nft "$@"; exec sleep ${seconds} ;;
esac
exec nft "$@"
`;
}
