#pragma once

#include <boost/asio/any_io_executor.hpp>

namespace countersign::async {

// Where the coroutines of a call run: one network thread. A cheap handle, copied freely.
using Executor = boost::asio::any_io_executor;

}  // namespace countersign::async
