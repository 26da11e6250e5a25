export { anyHeader } from '../../rules/testing/header.ts';
