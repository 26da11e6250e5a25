import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u8, u32, u64 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cText, isUnterminated } from '../names/c-string.ts';

const LABEL_ROOM = 28;
const header = 'linux/netfilter/xt_IDLETIMER.h';
/** `timer` is the kernel's own. */
const idletimer_tg_info = defineStruct('idletimer_tg_info', header, {
  timeout: u32,
  label: bytes(LABEL_ROOM),
  timer: u64,
});
const idletimer_tg_info_v1 = defineStruct('idletimer_tg_info_v1', header, {
  timeout: u32,
  label: bytes(LABEL_ROOM),
  send_nl_msg: u8,
  timer_type: u8,
  timer: u64,
});

/** XT_IDLETIMER_ALARM */
const ALARM = 1;
/** INT_MAX / 1000: from here on the timeout isn't taken. */
const TOO_LONG = 2147483;
const WHY = 'IDLETIMER: nft has no timers';

/** Names that no file of the timers' folder in sysfs can have. */
const reserved: readonly string[] = ['.', '..', 'power', 'subsystem', 'uevent'];

export interface IdletimerTargetInfo {
  /** Seconds. */
  readonly timeout: number;
  /** Its text ends at the first NUL. */
  readonly label: Uint8Array;
  /** Revision 1: for Android's kernels only. */
  readonly send_nl_msg: number;
  /** Revision 1: 1 is a timer that goes on while the machine sleeps. */
  readonly timer_type: number;
}

/** IDLETIMER, revisions 0 and 1 (net/netfilter/xt_IDLETIMER.c; libxt_IDLETIMER.c): starts a timer anew that userspace watches. */
export const idletimerTarget = defineTarget<IdletimerTargetInfo>({
  name: 'IDLETIMER',
  revisions: {
    0: {
      size: idletimer_tg_info.size,
      decode(data) {
        const { timeout, label } = idletimer_tg_info.read(data);
        return { timeout, label, send_nl_msg: 0, timer_type: 0 };
      },
      encode: (info) => idletimer_tg_info.write({ ...info, timer: 0n }),
    },
    1: {
      size: idletimer_tg_info_v1.size,
      decode(data) {
        const { timer: _, ...info } = idletimer_tg_info_v1.read(data);
        return info;
      },
      encode: (info) => idletimer_tg_info_v1.write({ ...info, timer: 0n }),
    },
  },
  coverage: { none: WHY },
  examples: [
    '-j IDLETIMER --timeout {1-1000} --label {idle-1|idle-2}',
    '-j IDLETIMER --timeout {1-1000} --label {idle-3|idle-4} --alarm',
  ],
  placement: {},
  check(info) {
    const { timeout, send_nl_msg, timer_type, label } = info;
    if (send_nl_msg !== 0) refuse('IDLETIMER: netlink messages are not supported', errno.EOPNOTSUPP);
    if (timeout === 0 || timeout >= TOO_LONG)
      refuse(`IDLETIMER: wanted a timeout from 1 to ${TOO_LONG - 1} s, found ${timeout}`);
    if (isUnterminated(label)) refuse(`IDLETIMER: the label isn't NUL-terminated within ${LABEL_ROOM} bytes`);
    const text = cText(info.label);
    if (text === '' || text.includes('/') || reserved.includes(text)) refuse(`IDLETIMER: "${text}" can't be a label`);
    if (timer_type > ALARM) refuse(`IDLETIMER: unknown timer type ${timer_type}`);
  },
  print: (info) => ` timeout:${info.timeout} label:${cText(info.label)}${info.timer_type === ALARM ? ' alarm' : ''}`,
  save: (info) =>
    ` --timeout ${info.timeout} --label ${cText(info.label)}${info.timer_type === ALARM ? ' --alarm' : ''}`,
  nft: () => cannotExpress(WHY),
});
