/** The kernel puts a number in the place of %d. */
export const ANONYMOUS_SET = '__set%d';
export const ANONYMOUS_MAP = '__map%d';
