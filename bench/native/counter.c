/* Counts WebSocket messages on many sockets, on a thread of its own.
 *
 * A load client must cost less than what it measures. Here a read costs one epoll event
 * and one recv; of a frame only its header and the beginning of its payload are looked
 * at. Pings are answered, everything else is thrown away. The caller opens the sockets,
 * writes to them and closes them after `counter_stop`.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 160, EVENTS = 512, READ_BYTES = 1 << 18 };
enum { CLOSE = 8, PING = 9 };

struct slot {
    int fd;
    uint64_t seen;          /* frames whose payload begins with the marker */
    uint64_t skip;          /* bytes of the present frame that are of no interest */
    uint32_t have;          /* bytes in head */
    uint8_t head[HEAD_MAX]; /* header and beginning of the present frame */
};

struct counter {
    int epoll, wake, stop_wake;
    pthread_t thread;
    size_t marker_size;
    char marker[64];
    _Atomic uint64_t total; /* of all slots */
    _Atomic uint64_t due;   /* at this total `wake` is written to */
    _Atomic int lost;       /* a server closed a socket */
    size_t count, capacity;
    struct slot *slots;
};

static void wake(struct counter *c)
{
    uint64_t one = 1;
    (void)!write(c->wake, &one, sizeof one);
}

static void pong(struct slot *s, const uint8_t *payload, size_t size)
{
    uint8_t frame[6 + 125] = {0x8a, (uint8_t)(0x80 | size), 0, 0, 0, 0};
    memcpy(frame + 6, payload, size);
    (void)!send(s->fd, frame, 6 + size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Bytes of header and payload that must be there before the frame can be judged. */
static size_t wanted(const struct counter *c, const struct slot *s, uint64_t *size)
{
    if (s->have < 2)
        return 2;
    size_t header = 2;
    *size = s->head[1] & 0x7f;
    if (*size >= 126) {
        size_t width = *size == 126 ? 2 : 8;
        header += width;
        if (s->have < header)
            return header;
        *size = 0;
        for (size_t at = 0; at < width; at++)
            *size = *size << 8 | s->head[2 + at];
    }
    int whole = (s->head[0] & 0x0f) == PING && *size <= 125;
    return header + (whole || *size < c->marker_size ? *size : c->marker_size);
}

static uint64_t judge(struct counter *c, struct slot *s, size_t have, uint64_t size)
{
    size_t begun = size < c->marker_size ? size : c->marker_size;
    int opcode = s->head[0] & 0x0f;
    if (opcode == PING && size <= 125)
        begun = size;
    const uint8_t *payload = s->head + have - begun;
    s->skip = size - begun;
    s->have = 0;
    if (opcode == PING)
        pong(s, payload, begun);
    if (opcode == CLOSE)
        atomic_store(&c->lost, 1);
    return opcode == 1 && begun == c->marker_size
           && memcmp(payload, c->marker, begun) == 0;
}

static uint64_t take(struct counter *c, struct slot *s, const uint8_t *data, size_t left)
{
    uint64_t found = 0, size = 0;
    while (left) {
        if (s->skip) {
            size_t part = s->skip < left ? s->skip : left;
            s->skip -= part, data += part, left -= part;
            continue;
        }
        size_t want = wanted(c, s, &size);
        size_t part = want - s->have < left ? want - s->have : left;
        memcpy(s->head + s->have, data, part);
        s->have += part, data += part, left -= part;
        /* More may be wanted now: a long size, or the payload behind the header. */
        if (s->have >= 2 && s->have == wanted(c, s, &size))
            found += judge(c, s, s->have, size);
    }
    s->seen += found;
    return found;
}

static void *run(void *argument)
{
    struct counter *c = argument;
    static uint8_t buffer[READ_BYTES];
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(c->epoll, events, EVENTS, -1);
        uint64_t found = 0;
        for (int at = 0; at < count; at++) {
            if (events[at].data.u64 == UINT64_MAX)
                return NULL;
            struct slot *s = &c->slots[events[at].data.u64];
            ssize_t size = recv(s->fd, buffer, READ_BYTES, MSG_DONTWAIT);
            if (size > 0) {
                found += take(c, s, buffer, size);
            } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
                epoll_ctl(c->epoll, EPOLL_CTL_DEL, s->fd, NULL);
                atomic_store(&c->lost, 1);
            }
        }
        uint64_t total = atomic_fetch_add(&c->total, found) + found;
        if ((found && total >= atomic_load(&c->due)) || atomic_load(&c->lost))
            wake(c);
    }
}

/* NULL when there is no memory or no thread; `wake` is an eventfd of the caller's. */
struct counter *counter_start(const char *marker, size_t size, size_t capacity, int wake_fd)
{
    struct counter *c = calloc(1, sizeof *c);
    if (!c || size > sizeof c->marker || !(c->slots = calloc(capacity, sizeof *c->slots)))
        return NULL;
    memcpy(c->marker, marker, size);
    c->marker_size = size;
    c->capacity = capacity;
    c->wake = wake_fd;
    atomic_store(&c->due, UINT64_MAX);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->stop_wake = eventfd(0, EFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->stop_wake, &event);
    return pthread_create(&c->thread, NULL, run, c) ? NULL : c;
}

/* Takes a socket over, with the bytes that were read of it before; its slot, or -1. */
long counter_add(struct counter *c, int fd, const uint8_t *held, size_t size)
{
    if (c->count == c->capacity)
        return -1;
    struct slot *s = &c->slots[c->count];
    s->fd = fd;
    atomic_fetch_add(&c->total, take(c, s, held, size));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = c->count};
    if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event))
        return -1;
    return (long)c->count++;
}

/* Asks for a wake at `due`, and tells the total: it may have been reached already. */
uint64_t counter_arm(struct counter *c, uint64_t due)
{
    atomic_store(&c->due, due);
    return atomic_load(&c->total);
}

uint64_t counter_total(struct counter *c) { return atomic_load(&c->total); }

uint64_t counter_seen(struct counter *c, size_t slot) { return c->slots[slot].seen; }

int counter_lost(struct counter *c) { return atomic_load(&c->lost); }

/* Ends the thread and frees everything but the sockets. */
void counter_stop(struct counter *c)
{
    uint64_t one = 1;
    (void)!write(c->stop_wake, &one, sizeof one);
    pthread_join(c->thread, NULL);
    close(c->epoll);
    close(c->stop_wake);
    free(c->slots);
    free(c);
}
