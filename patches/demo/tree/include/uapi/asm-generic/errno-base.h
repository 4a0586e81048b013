/* SPDX-License-Identifier: GPL-2.0-only */
#define	ENOENT	2
#define	EINTR	4
#define	ENOMEM	12
#define	EFAULT	14
#define	EINVAL	22
#define	EOPNOTSUPP	95
