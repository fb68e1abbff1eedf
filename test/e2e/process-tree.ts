import { readFileSync } from 'node:fs';

/** The process that no other one of the tree below `pid` has started (Linux: out of /proc). */
export function innermostProcess(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const [child] = children.split(' ').filter(Boolean).map(Number);
  return child === undefined ? pid : innermostProcess(child);
}
