/* The yardstick: a room in C that makes one `send` for each delivery, and nothing else.
 *
 * One thread, one room, one epoll. No sign-in, no check, no store, no order beyond the
 * loop's own. Each client's text frame is read for its "body", which goes to everybody.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { HELD_MAX = 1 << 16, CLIENTS_MAX = 20000, BODY_MAX = 4096, SEND_WAIT_MS = 5000 };

struct client {
    int fd, open;
    size_t held_size;
    uint8_t *held;
};

/* The client does not look at the key's answer, so it is always the same. */
static const char ACCEPTED[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static struct client clients[CLIENTS_MAX];
static int client_count;

static int send_all(int fd, const void *data, size_t size)
{
    const uint8_t *next = data;
    while (size) {
        ssize_t sent = send(fd, next, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd full = {.fd = fd, .events = POLLOUT};
            if (poll(&full, 1, SEND_WAIT_MS) <= 0)
                return -1;
            continue;
        }
        if (sent < 0)
            return -1;
        next += sent, size -= sent;
    }
    return 0;
}

static void leave(struct client *c)
{
    close(c->fd);
    c->open = 0, c->fd = -1, c->held_size = 0;
}

static void deliver(const char *body, size_t size)
{
    char frame[BODY_MAX + 64] = {(char)0x81, 126};
    int length = snprintf(frame + 4, sizeof frame - 4,
                          "{\"type\":\"message\",\"body\":\"%.*s\"}", (int)size, body);
    frame[2] = (char)(length >> 8), frame[3] = (char)length;
    for (int at = 0; at < client_count; at++)
        if (clients[at].open && send_all(clients[at].fd, frame, length + 4))
            leave(&clients[at]);
}

static void hear(uint8_t *text, size_t size)
{
    static const char MARK[] = "\"body\":\"";
    char *found = memmem(text, size, MARK, sizeof MARK - 1);
    if (!found)
        return;
    char *body = found + sizeof MARK - 1;
    char *end = memchr(body, '"', size - (body - (char *)text));
    if (end && end - body <= BODY_MAX)
        deliver(body, end - body);
}

/* Bytes that the client's first frame takes; 0 while it is not whole. */
static size_t take_frame(struct client *c)
{
    uint8_t *held = c->held;
    if (c->held_size < 2)
        return 0;
    size_t size = held[1] & 0x7f, header = 6;
    if (size == 126) {
        if (c->held_size < 4)
            return 0;
        size = held[2] << 8 | held[3], header = 8;
    }
    if (c->held_size < header + size)
        return 0;
    for (size_t at = 0; at < size; at++)
        held[header + at] ^= held[header - 4 + at % 4];
    if ((held[0] & 0x0f) == 1)
        hear(held + header, size);
    return header + size;
}

static size_t take_handshake(struct client *c)
{
    uint8_t *end = memmem(c->held, c->held_size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (send_all(c->fd, ACCEPTED, sizeof ACCEPTED - 1) == 0)
        c->open = 1;
    return end + 4 - c->held;
}

static void read_from(struct client *c)
{
    ssize_t size = recv(c->fd, c->held + c->held_size, HELD_MAX - c->held_size, MSG_DONTWAIT);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN)
            leave(c);
        return;
    }
    c->held_size += size;
    for (size_t taken; c->fd >= 0 && c->held_size; ) {
        taken = c->open ? take_frame(c) : take_handshake(c);
        if (!taken)
            break;
        memmove(c->held, c->held + taken, c->held_size -= taken);
    }
}

static void welcome(int listener, int epoll)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
    if (fd < 0)
        return;
    if (client_count == CLIENTS_MAX) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct client *c = &clients[client_count++];
    c->fd = fd;
    c->held = malloc(HELD_MAX);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons(argc > 1 ? atoi(argv[1]) : 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        return perror("listen"), 1;
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int at = 0; at < count; at++) {
            struct client *c = events[at].data.ptr;
            if (!c)
                welcome(listener, epoll);
            else if (c->fd >= 0)
                read_from(c);
        }
    }
}
