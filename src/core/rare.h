// A value that is seldom there, and costs a pointer until then: for objects that are held by the thousand.
#pragma once

#include <memory>
#include <utility>

namespace aigw {

template <class T>
class Rare {
public:
    Rare &operator=(T value) {
        value_ = std::make_unique<T>(std::move(value));
        return *this;
    }
    template <class... Args>
    void emplace(Args &&...args) {
        value_ = std::make_unique<T>(std::forward<Args>(args)...);
    }
    void reset() { value_.reset(); }

    explicit operator bool() const { return value_ != nullptr; }
    const T *get() const { return value_.get(); }
    T *operator->() { return value_.get(); }
    const T *operator->() const { return value_.get(); }
    T &operator*() { return *value_; }
    const T &operator*() const { return *value_; }

private:
    std::unique_ptr<T> value_;
};

}  // namespace aigw
