import { readFileSync } from 'node:fs';

/**
 * Memory of a process and all its descendants, in KiB (Linux: out of /proc). What several processes
 * share (Node's program, above all) counts once: it is the proportional set size.
 */
export function memoryKibOfTree(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const own = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .split(' ')
    .filter(Boolean)
    .reduce((sum, child) => sum + memoryKibOfTree(Number(child)), own);
}
