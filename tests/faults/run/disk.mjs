// A small separate file system for a gateway's folder, which can be filled. Needs root and permission to mount.

import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, run } from '../../e2e/harness/processes.mjs';

// Returns nothing if it is not possible.
export async function mountDisk(folder, megabytes = 512) {
  if (process.getuid() !== 0) return undefined;
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'countersign-faults', folder]);
  if (mounted.code !== 0) return undefined;
  const ballast = join(folder, 'ballast');
  return {
    async fill() {
      const { bavail, bsize } = await statfs(folder);
      await run('fallocate', ['-l', String(bavail * bsize), ballast]);
      // Space that was freed in the meantime.
      const file = await open(ballast, 'a');
      const block = Buffer.alloc(1 << 16);
      try {
        for (;;) await file.write(block);
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
      return () => rm(ballast, { force: true });
    },
    async unmount() {
      await rm(ballast, { force: true });
      // The gateway's last process may still be exiting.
      await eventually('the disk is free', async () => (await run('umount', [folder])).code === 0);
    },
  };
}
