/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_IOCTL_H
#define _LINUX_IOCTL_H

/* A request: direction (2 bits), size of the struct (14), group (8), number (8). */
#define _REQUEST(dir, group, nr, size)	((dir) << 30 | (size) << 16 | (group) << 8 | (nr))
#define _IO(group, nr)			_REQUEST(0U, group, nr, 0U)
#define _IOW(group, nr, type)		_REQUEST(1U, group, nr, (unsigned int)sizeof(type))
#define _IOR(group, nr, type)		_REQUEST(2U, group, nr, (unsigned int)sizeof(type))
#define _IOWR(group, nr, type)		_REQUEST(3U, group, nr, (unsigned int)sizeof(type))

#endif
