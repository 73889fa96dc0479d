/* A webcam for programs that this library is preloaded into: the file $FAKE_CAMERA opens as a V4L2
 * device of 64x48 pixels in YUYV, whose lines take $FAKE_LINE_BYTES in memory. Row y is of brightness
 * y; what fills a line up is 255. The kernel itself answers all other calls. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 48 };

static int camera[16], opened;
static unsigned sequence;

static int line_bytes(void) { return atoi(getenv("FAKE_LINE_BYTES")); }

static int open_camera(void) {
    int size = line_bytes() * HEIGHT, fd = memfd_create("camera", MFD_CLOEXEC);
    if (fd < 0 || opened == 16 || ftruncate(fd, size)) abort();
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) abort();
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < line_bytes(); x++)
            memory[y * line_bytes() + x] = x >= 2 * WIDTH ? 255 : x % 2 ? 128 : y;
    return camera[opened++] = fd;
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        static int (*real)(const char *, int, ...);                             \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        int mode = va_arg(rest, int);                                           \
        va_end(rest);                                                           \
        if (!strcmp(path, getenv("FAKE_CAMERA"))) return open_camera();         \
        if (!real) real = dlsym(RTLD_NEXT, #name);                              \
        return real(path, flags, mode);                                         \
    }
OPEN(open)
OPEN(open64)

static int answer(unsigned request, void *told) {
    struct v4l2_capability *capability = told;
    struct v4l2_format *format = told;
    struct v4l2_buffer *buffer = told;
    struct v4l2_requestbuffers *wanted = told;
    struct v4l2_streamparm *rate = told;
    switch (request) {
    case (unsigned)VIDIOC_QUERYCAP:
        memset(capability, 0, sizeof *capability);
        capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        capability->capabilities = capability->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    case (unsigned)VIDIOC_G_FMT:
    case (unsigned)VIDIOC_S_FMT:
    case (unsigned)VIDIOC_TRY_FMT:
        if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) break;
        format->fmt.pix.width = WIDTH;
        format->fmt.pix.height = HEIGHT;
        format->fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
        format->fmt.pix.field = V4L2_FIELD_NONE;
        format->fmt.pix.bytesperline = line_bytes();
        format->fmt.pix.sizeimage = line_bytes() * HEIGHT;
        return 0;
    case (unsigned)VIDIOC_REQBUFS:
        if (wanted->count > 4) wanted->count = 4;
        return 0;
    case (unsigned)VIDIOC_DQBUF:
        buffer->index = sequence++ % 4;
        buffer->bytesused = line_bytes() * HEIGHT;
        /* fall through */
    case (unsigned)VIDIOC_QUERYBUF:
        buffer->length = line_bytes() * HEIGHT;
        buffer->m.offset = 0;
        return 0;
    case (unsigned)VIDIOC_G_PARM:
    case (unsigned)VIDIOC_S_PARM:
        rate->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        rate->parm.capture.timeperframe.numerator = 1;
        rate->parm.capture.timeperframe.denominator = 30;
        return 0;
    case (unsigned)VIDIOC_QBUF:
    case (unsigned)VIDIOC_STREAMON:
    case (unsigned)VIDIOC_STREAMOFF:
        return 0;
    }
    errno = EINVAL;
    return -1;
}

int ioctl(int fd, unsigned long request, ...) {
    static int (*real)(int, unsigned long, ...);
    va_list rest;
    va_start(rest, request);
    void *told = va_arg(rest, void *);
    va_end(rest);
    for (int i = 0; i < opened; i++)
        if (fd == camera[i]) return answer(request, told);
    if (!real) real = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, told);
}
