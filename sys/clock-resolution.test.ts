import { expect, it } from 'vitest';
import { ticksPerSecond } from './clock-resolution.ts';

it('tells how often the kernel ticks: one of the numbers that it can be built with', () => {
  expect([24, 32, 48, 64, 100, 128, 200, 250, 256, 300, 500, 1000, 1024, 1200]).toContain(ticksPerSecond());
});
