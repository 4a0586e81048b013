/* SPDX-License-Identifier: GPL-2.0-only */
#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define E2BIG 7
#define EFAULT 14
#define EBUSY 16
#define EINVAL 22
#define EOPNOTSUPP 95
