/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake's share of what goes on beside a call: missing pages, signals that
 * are pending, threads that sleep in an ioctl, memslots that go away. Signals
 * are held back until the "kernel" is left, as the real one does.
 */
#ifndef FAKE_RACE_H
#define FAKE_RACE_H

#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>

static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fake_changed = PTHREAD_COND_INITIALIZER;

/* One page may be missing; the other end of the pipe stands for the userfaultfd. */
static struct {
	int uffd, tell;
	void *missing;
	bool told;
	void *poisoned;
	unsigned int seq;
	unsigned int in_call;
	unsigned int pending;
	unsigned int blocked;
	bool stale;
	bool deleting;
} fake_race;

static struct fake_sleeper { pid_t tid; unsigned long request; } fake_sleepers[8];
static __thread unsigned long fake_request;

static inline pid_t fake_tid(void)
{
	return syscall(__NR_gettid);
}

/* Sleeps until something changes; others can see in which ioctl. */
static inline void fake_sleep(void)
{
	struct fake_sleeper *mine = fake_sleepers;

	while (mine->tid)
		mine++;
	*mine = (struct fake_sleeper){ fake_tid(), fake_request };
	pthread_cond_wait(&fake_changed, &fake_lock);
	mine->tid = 0;
}

static inline unsigned long fake_asleep_in(pid_t tid)
{
	unsigned long request = 0;
	unsigned int i;

	pthread_mutex_lock(&fake_lock);
	for (i = 0; i < 8; i++)
		if (fake_sleepers[i].tid == tid)
			request = fake_sleepers[i].request;
	pthread_mutex_unlock(&fake_lock);
	return request;
}

static inline bool fake_page_is(void *page, const void *address)
{
	return page && (uintptr_t)address / PAGE_SIZE == (uintptr_t)page / PAGE_SIZE;
}

static inline bool fake_signal_pending(void)
{
	return fake_race.pending && !fake_bug("signal-ignored");
}

/* Somebody in the kernel touches host memory: 0, or what ends the fault. Called with the lock held. */
static inline int fake_touch(const void *address, bool interruptible)
{
	struct uffd_msg msg = { .event = UFFD_EVENT_PAGEFAULT };
	unsigned int seq = fake_race.seq;

	while (fake_page_is(fake_race.missing, address)) {
		if (!fake_race.told) {
			fake_race.told = true;
			msg.arg.pagefault.address = (uintptr_t)address;
			if (write(fake_race.tell, &msg, sizeof(msg)) != sizeof(msg))
				return EIO;
		}
		fake_sleep();
		if (interruptible && fake_signal_pending())
			return EINTR;
	}
	if (fake_page_is(fake_race.poisoned, address) && !fake_bug("poison-unnoticed")) {
		if (TELLS_POISON && !fake_bug("poison-kills"))
			return EHWPOISON;
		if (fake_bug("no-sigbus"))
			return EAGAIN;
		if (fake_race.blocked & 1u << SIGBUS)
			raise(SIGBUS);
		else
			fake_race.pending |= 1u << SIGBUS;
		return EAGAIN;
	}
	return seq == fake_race.seq || fake_bug("race-unnoticed") ? 0 : ESTALE;
}

/* Burns CPU time in the "kernel" until a signal comes. */
static inline int fake_loop(void)
{
	for (;;) {
		pthread_mutex_unlock(&fake_lock);
		pthread_mutex_lock(&fake_lock);
		if (fake_race.pending)
			return EINTR;
	}
}

/* Back to user space: what is pending is delivered. */
static inline void fake_leave(void)
{
	unsigned int pending = fake_race.pending;
	int sig;

	fake_race.pending = 0;
	for (sig = 1; sig < 32; sig++)
		if (pending & 1u << sig)
			raise(sig);
}

static inline int fake_kill(pthread_t thread, int sig)
{
	bool blocked;

	pthread_mutex_lock(&fake_lock);
	blocked = fake_race.blocked & 1u << sig;
	if (!blocked || fake_bug("blocked-signal-counts"))
		fake_race.pending |= 1u << sig;
	pthread_cond_broadcast(&fake_changed);
	pthread_mutex_unlock(&fake_lock);
	if (blocked)
		pthread_kill(thread, sig);
	return 0;
}

static inline int fake_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	int sig;

	pthread_mutex_lock(&fake_lock);
	for (sig = 1; sig < 32; sig++) {
		if (!sigismember(set, sig))
			continue;
		if (how == SIG_BLOCK)
			fake_race.blocked |= 1u << sig;
		else
			fake_race.blocked &= ~(1u << sig);
	}
	pthread_mutex_unlock(&fake_lock);
	return pthread_sigmask(how, set, old);
}

static inline int fake_madvise(void *start, size_t size, int advice)
{
	pthread_mutex_lock(&fake_lock);
	if (advice == MADV_HWPOISON && size)
		fake_race.poisoned = start;
	if (advice == MADV_DONTNEED) {
		fake_race.seq++;
		madvise(start, size, advice);
		fake_discard(start, size);
	}
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

static inline int fake_uffd(unsigned long request, void *argp)
{
	struct uffdio_register *wanted = argp;
	struct uffdio_copy *copy = argp;

	pthread_mutex_lock(&fake_lock);
	if (request == UFFDIO_REGISTER)
		fake_race.missing = (void *)(uintptr_t)wanted->range.start;
	if (request == UFFDIO_COPY) {
		fake_race.missing = NULL;
		memcpy((void *)(uintptr_t)copy->dst, (void *)(uintptr_t)copy->src, copy->len);
	}
	pthread_cond_broadcast(&fake_changed);
	pthread_mutex_unlock(&fake_lock);
	return 0;
}

static inline long fake_syscall(long nr)
{
	int pipes[2];

	if (nr != __NR_userfaultfd)
		return syscall(nr);
	if (fake_bug("no-userfaultfd") || pipe2(pipes, O_NONBLOCK))
		return -1;
	fake_race.uffd = pipes[0];
	fake_race.tell = pipes[1];
	return fake_race.uffd;
}

#endif
